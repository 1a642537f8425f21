//go:build !linux

package process

import (
	"fmt"
	"io"
	"time"
)

// Guard needs Linux: elsewhere nothing tells that all of a server is gone.
func Guard(_ []string, _ io.Reader, talk io.Writer) int {
	fmt.Fprintln(talk, "inferencex guard: needs Linux")
	return 127
}

func guardArgs(time.Duration, time.Duration, []string) []string { return nil }
