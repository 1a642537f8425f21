package engine

import "slices"

// fifo is a queue. Its zero value is empty.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) push(v T) {
	// Reuse the space before the head once it is most of the slice.
	if q.head > 32 && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v)
}

func (q *fifo[T]) pushFront(v T) {
	if q.head == 0 {
		// Room for as many again: one is seldom alone.
		room := len(q.items) + 1
		q.items = slices.Insert(q.items, 0, make([]T, room)...)
		q.head = room
	}
	q.head--
	q.items[q.head] = v
}

func (q *fifo[T]) first() (v T, ok bool) {
	if q.head == len(q.items) {
		return v, false
	}
	return q.items[q.head], true
}

// pop removes the first; the queue must not be empty.
func (q *fifo[T]) pop() T {
	var zero T
	v := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	return v
}

func (q *fifo[T]) all() []T { return q.items[q.head:] }

// keep drops what does not pass, in place.
func (q *fifo[T]) keep(pass func(T) bool) {
	n := 0
	for _, v := range q.all() {
		if pass(v) {
			q.items[n] = v
			n++
		}
	}
	clear(q.items[n:])
	q.items, q.head = q.items[:n], 0
}
