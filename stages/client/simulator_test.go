package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
)

func lagAnswer(body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func TestLag(t *testing.T) {
	ask := func(answer []byte) (Lag, error) {
		return newClient(t, newReplay(t, once(answer)).URL).Lag(context.Background())
	}
	before, err := ask(lagAnswer(`{"sum_s":0.5,"bounds_s":[0.001,0.01,0.1],"counts":[2,1,4]}`))
	if err != nil {
		t.Fatal(err)
	}
	after, err := ask(lagAnswer(`{"sum_s":0.9,"bounds_s":[0.001,0.01,0.1],"counts":[100,2,5]}`))
	if err != nil {
		t.Fatal(err)
	}
	since := after.Since(before)
	if since.Chunks() != 100 || math.Abs(since.MeanSeconds()-.004) > 1e-12 || since.Quantile(.98) != .001 || since.Quantile(.99) != .01 || since.Quantile(1) != .1 {
		t.Errorf("%d chunks, mean %v, p98 %v, p99 %v, most %v", since.Chunks(), since.MeanSeconds(), since.Quantile(.98), since.Quantile(.99), since.Quantile(1))
	}
	if none := after.Since(after); none.Chunks() != 0 || none.MeanSeconds() != 0 || none.Quantile(.99) != 0 {
		t.Errorf("of no chunks: %+v", none)
	}
	if _, err := ask(lagAnswer(`{"bounds_s":[1],"counts":[]}`)); err == nil {
		t.Error("counts without bounds were taken")
	}
	if _, err := ask(capture(t, "sim-err-404.txt")); !errors.Is(err, ErrUnsupported) {
		t.Errorf("from another server: %v", err)
	}
}
