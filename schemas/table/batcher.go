package table

// batchRows is how many rows make a batch: enough that a batch's own cost vanishes, few enough that a crash loses little
// and a batch fits the processor's cache. rowGroupRows is a multiple of it.
const batchRows = 4096

// batcher gathers rows into batches. The first error of write stays: rows after a lost batch would leave a hole.
type batcher[R any] struct {
	write func([]R) error
	rows  []R
	err   error
}

func (b *batcher[R]) append(rows []R) error {
	for len(rows) > 0 && b.err == nil {
		n := min(len(rows), batchRows-len(b.rows))
		b.rows = append(b.rows, rows[:n]...)
		rows = rows[n:]
		if len(b.rows) == batchRows {
			b.flush()
		}
	}
	return b.err
}

// flush writes the rows that wait, if there are any.
func (b *batcher[R]) flush() error {
	if b.err == nil && len(b.rows) > 0 {
		b.err = b.write(b.rows)
	}
	b.rows = b.rows[:0]
	return b.err
}
