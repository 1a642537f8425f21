//go:build linux

package proc

import (
	"fmt"
	"testing"
)

// FuzzParse holds that a process may call itself anything: its numbers are read from behind its name.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"cat", "", ") S 1 (", "(x) ) R 9 9 9 9", "\n", "\xff", "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"} {
		f.Add(seed, 4700, 4680, uint64(123456))
	}
	f.Fuzz(func(t *testing.T, name string, parent, session int, start uint64) {
		_, _ = parse(1, name) // whatever it is, it comes to an end
		const stat = "7 (%s) S %d 1 %d 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 %d 99 98 97"
		text := fmt.Sprintf(stat, name, parent, session, start)
		got, err := parse(7, text)
		if want := (Process{PID: 7, Parent: parent, Session: session, Start: start}); err != nil || got != want {
			t.Errorf("parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	})
}
