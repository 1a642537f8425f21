package deploytest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Ledger keeps what it is told in memory.
type Ledger struct {
	Fail error // what Created returns

	mu      sync.Mutex
	records []stage.Record
}

var _ stage.Ledger = (*Ledger)(nil)

// Intend keeps the record.
func (l *Ledger) Intend(record stage.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, record)
	return nil
}

// Created adds the id to the record of the token, which must be there.
func (l *Ledger) Created(token, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Fail != nil {
		return l.Fail
	}
	for i := range l.records {
		if l.records[i].Token == token {
			l.records[i].ID = id
			return nil
		}
	}
	return fmt.Errorf("token %s was created before it was intended", token)
}

// Records returns what was told so far.
func (l *Ledger) Records() []stage.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}
