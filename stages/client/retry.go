package client

import (
	"context"
	"time"
)

// How often a question that prepares a measurement is asked, and how long the first pause between two is,
// in wall time. A server that fails every second request lets one in a thousand questions down, after two
// seconds.
const (
	tries        = 10
	firstPause   = 10 * time.Millisecond
	longestPause = 500 * time.Millisecond
)

// Retry asks until ask reports that it need not ask again, at most ten times, with pauses that grow in
// between. Requests that are measured are never asked again.
func Retry(ctx context.Context, ask func() (again bool)) {
	wait := firstPause
	for n := 1; ask() && n < tries; n++ {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		wait = min(2*wait, longestPause)
	}
}
