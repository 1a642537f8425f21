package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What is protected: that a folder has one writer. Whether its holder lives is told by its process where that can be seen, and by its sign of life
// elsewhere; a process that has been given the number of a dead one is not it.
func TestWhoIsTakenForAlive(t *testing.T) {
	me := self("r1", "n", clock())
	if me.Kernel == "" || me.Space == "" || me.Start == "" {
		t.Skip("this system does not tell one process from another of its number")
	}
	const noPID = 1 << 30
	for name, tc := range map[string]struct {
		change func(h *Holder)
		silent time.Duration
		alive  bool
	}{
		"this process":                                 {func(*Holder) {}, 0, true},
		"this process, which has been silent":          {func(*Holder) {}, time.Hour, true},
		"a dead process":                               {func(h *Holder) { h.PID = noPID }, 0, false},
		"another process of this number":               {func(h *Holder) { h.Start = "1" }, 0, false},
		"a process of which no start is known":         {func(h *Holder) { h.Start = "" }, time.Hour, true},
		"one in another container, heard of":           {func(h *Holder) { h.Space, h.PID = "pid:[1]", noPID }, time.Minute, true},
		"one in another container, silent":             {func(h *Holder) { h.Space = "pid:[1]" }, 3 * time.Minute, false},
		"one on another machine, heard of":             {func(h *Holder) { h.Kernel, h.Host, h.PID = "other", "far", noPID }, time.Minute, true},
		"one on another machine, silent":               {func(h *Holder) { h.Kernel, h.Host = "other", "far" }, 3 * time.Minute, false},
		"this machine before it was booted, silent":    {func(h *Holder) { h.Kernel = "other" }, 3 * time.Minute, false},
		"this host, whose kernel has no name, silent":  {func(h *Holder) { h.Kernel = "" }, 3 * time.Minute, true},
		"other host, whose kernel has no name, silent": {func(h *Holder) { h.Kernel, h.Host = "", "far" }, 3 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir, h := t.TempDir(), me
			tc.change(&h)
			must(t, h.write(dir, nil))
			now := time.Now()
			must(t, os.Chtimes(filepath.Join(dir, holderFile), now, now.Add(-tc.silent)))
			sight, ok, err := Look(dir, now)
			if err != nil || !ok || sight.Alive != tc.alive {
				t.Errorf("%+v %v %v, want alive %v", sight, ok, err, tc.alive)
			}
		})
	}
}

// What is protected likewise: a holder's file that cannot be read is no folder without a holder; one that holds no holder is.
func TestAHoldersFileThatSaysNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, holderFile)
	must(t, os.Mkdir(path, 0o755))
	var held *HeldError
	if _, err := Acquire(t.Context(), leaseOf(dir, "r2")); err == nil || errors.As(err, &held) || !strings.Contains(err.Error(), "lock "+dir) {
		t.Errorf("acquired with %v", err)
	}
	if _, ok, err := Look(dir, time.Now()); ok || err == nil {
		t.Errorf("a look: %v %v", ok, err)
	}
	must(t, os.Remove(path))
	must(t, os.WriteFile(path, []byte("{"), 0o644))
	if _, ok, err := Look(dir, time.Now()); ok || err != nil {
		t.Errorf("a look at half a file: %v %v", ok, err)
	}
	lease := acquire(t, leaseOf(dir, "r2")) // what failed above has let go of the lock
	if lease.Died != nil {
		t.Errorf("%s is said to have died", lease.Died)
	}
	must(t, lease.Release())
}

func TestAFolderThatCannotBeLockedIsNotHeld(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, ".lock"), 0o755))
	var held *HeldError
	if _, err := Acquire(t.Context(), leaseOf(dir, "r2")); err == nil || errors.As(err, &held) || !strings.Contains(err.Error(), "lock "+filepath.Join(dir, ".lock")) {
		t.Errorf("acquired with %v", err)
	}
}

// What is protected: the lease of whoever took a folder over. Who has lost it takes nothing away that is another's by now.
func TestReleaseLeavesAnothersFileAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		lease := acquire(t, leaseOf(dir, "r1"))
		must(t, Holder{Host: "far", PID: 7, Run: "r2", Nonce: "n", Since: clock()}.write(dir, nil))
		must(t, lease.Release())
		if now, _, err := readHolder(dir); err != nil || now.Run != "r2" {
			t.Errorf("the holder is %+v, %v", now, err)
		}
	})
}

// What is protected: a run that measures. A holder whose file vanished writes it again, and one trouble of a moment, however long after the last one,
// takes its lease from nobody.
func TestOneFailedSignOfLifeLosesNothing(t *testing.T) {
	for name, harm := range map[string]struct{ do, undo func(path string) error }{
		"it vanished":       {os.Remove, func(string) error { return nil }},
		"it cannot be read": {func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) }, os.Remove},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				path := filepath.Join(dir, holderFile)
				lease := acquire(t, leaseOf(dir, "r1"))
				time.Sleep(beatEvery / 2) // between two signs
				for range 3 {
					time.Sleep(2 * loseAfter)
					must(t, harm.do(path))
					time.Sleep(2 * beatEvery)
					must(t, lease.Err(), harm.undo(path))
				}
				time.Sleep(2 * beatEvery)
				synctest.Wait()
				if now, _, err := readHolder(dir); err != nil || now.Nonce != lease.holder.Nonce {
					t.Errorf("the holder is %+v, %v", now, err)
				}
				must(t, lease.Err(), lease.Release())
			})
		})
	}
}
