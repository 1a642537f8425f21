// Package crew runs goroutines that have one owner. Its invariant: a panic in one of them ends that
// goroutine alone. The owner gets it as an error, with the stack of the goroutine that panicked.
//
//  1. Go starts a member. A failure of a member is the error that it returns, or a *Panic in place of
//     its panic.
//  2. The first failure goes to Stop, which tells the other members to end.
//  3. Wait returns when all members have ended. A panic takes precedence over errors: those may be its
//     consequences.
//
// What the runtime itself ends the process for cannot be recovered: a map written by two goroutines at
// once, memory or a stack that is used up.
package crew

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
)

// Panic is a panic as an error.
type Panic struct {
	Value any    // what panic was called with
	Stack []byte // of the goroutine that panicked
}

// Error returns the value and the stack.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

// Brief returns the text of err without the stack of a panic.
func Brief(err error) string {
	text := err.Error()
	if p := PanicIn(err); p != nil {
		text = strings.ReplaceAll(text, "\n"+string(p.Stack), "")
	}
	return text
}

// PanicIn returns the panic that err is, or wraps; nil if there is none.
func PanicIn(err error) *Panic {
	if err == nil {
		return nil
	}
	var p *Panic
	errors.As(err, &p)
	return p
}

// Catch calls work and returns its error, or a *Panic in place of its panic.
func Catch(work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{Value: v, Stack: below(debug.Stack())}
		}
	}()
	return work()
}

// below is a stack without the frames above the one that panicked: those of the recovery and of panic
// itself, two lines each.
func below(stack []byte) []byte {
	head, frames, _ := bytes.Cut(stack, []byte("\n"))
	_, frames, found := bytes.Cut(frames, []byte("\npanic("))
	_, frames, more := bytes.Cut(frames, []byte("\n\t"))
	_, frames, whole := bytes.Cut(frames, []byte("\n"))
	if !found || !more || !whole {
		return stack
	}
	return slices.Concat(head, []byte("\n"), frames)
}

// Worst returns the first panic among errors or, if there is none, the first error.
func Worst(errs ...error) error {
	var first error
	for _, err := range errs {
		if PanicIn(err) != nil {
			return err
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Crew is goroutines with one owner, which calls Wait. The zero value is a crew without members. It is safe
// for concurrent use.
type Crew struct {
	// Stop, where it is set, gets the first failure, once. It makes the other members end: a
	// context.CancelCauseFunc does. It is called by the goroutine of the member that failed, which still
	// counts as one.
	Stop func(error)

	members sync.WaitGroup
	mu      sync.Mutex
	err     error
}

// Go runs work in a goroutine of its own.
func (c *Crew) Go(work func() error) {
	c.members.Add(1)
	go c.run(work)
}

func (c *Crew) run(work func() error) {
	defer c.members.Done()
	if err := Catch(work); err != nil {
		c.fail(err)
	}
}

func (c *Crew) fail(err error) {
	c.mu.Lock()
	first := c.err == nil
	c.err = Worst(c.err, err)
	c.mu.Unlock()
	if first && c.Stop != nil {
		c.Stop(err)
	}
}

// Err returns what Wait would return if every member ended well from now on.
func (c *Crew) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Wait returns when every member has ended: with the first panic or, if there was none, the first error.
func (c *Crew) Wait() error {
	c.members.Wait()
	return c.Err()
}

// Ask returns what ask answers, or ctx's error if that comes first: then nobody waits for the answer, nor
// for its goroutine, any more.
func Ask[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		var a answer
		a.err = Catch(func() (err error) {
			a.value, err = ask(ctx)
			return err
		})
		answered <- a
	}()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// Each calls work for 0 to n-1, up to atOnce of them at the same time, and returns when all of them have.
// An error keeps none of the others from being called, a panic does.
func Each(n, atOnce int, work func(int) error) error {
	var all Crew
	indexes := make(chan int, n)
	for i := range n {
		indexes <- i
	}
	close(indexes)
	for range min(n, atOnce) {
		all.Go(func() error {
			var first error
			for i := range indexes {
				if PanicIn(all.Err()) != nil {
					break
				}
				if err := work(i); first == nil {
					first = err
				}
			}
			return first
		})
	}
	return all.Wait()
}
