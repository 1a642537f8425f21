package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Survivor is the mark of a provider whose servers live on, until their time limit, when the process that created them has died. Another process
// may take them over. Servers of the other providers end with that process, also those that can still be seen ending.
type Survivor interface {
	Outlives()
}

var _ stage.Adopter = (*Kind)(nil)

// Adoptable returns why a server cannot be taken over for a configuration; nil if it is worth to look at it.
func (k *Kind) Adoptable(config json.RawMessage, record stage.Record) error {
	cfg, err := parseConfig(config)
	if err != nil {
		return err
	}
	provider, err := k.provider(cfg.Deployment.Provider.Type)
	if err != nil {
		return err
	}
	_, outlives := provider.(Survivor)
	switch {
	case record.SpecDigest != digest(config):
		return errors.New("its configuration has changed")
	case !outlives:
		return fmt.Errorf("servers of provider %s end with the process that made them", provider.Type())
	case record.ID == "":
		return errors.New("its provider's name for it is not known")
	}
	return nil
}

// Adopt takes over the server that a record names, if it is there, was made from the same configuration and is fit for use. It creates and destroys
// nothing: what it does not take is the caller's to release. An adopted server counts as borrowed, since it may have answered anything before.
func (k *Kind) Adopt(ctx context.Context, env stage.Env, task stage.Task, record stage.Record) (stage.Live, error) {
	if err := k.Adoptable(task.Config, record); err != nil {
		return nil, err
	}
	a, err := k.begin(env, task)
	if err != nil {
		return nil, err
	}
	a.handle.Token, a.handle.ID = Token(record.Token), ID(record.ID)
	a.spec.Labels = labels(env, a.handle.Token)
	a.record = record
	status, err := a.status(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for it: %w", err)
	}
	if status.Gone {
		return nil, fmt.Errorf("it is gone: %s", status.Detail)
	}
	l := &live{acquisition: a}
	err = a.timely(ctx, 0, func(ctx context.Context) (err error) {
		l.endpoint, err = a.ready(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("it is not fit for use: %w", err)
	}
	l.endpoint.Borrowed = true
	return l, nil
}
