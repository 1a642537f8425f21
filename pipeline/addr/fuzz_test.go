package addr

import "testing"

// FuzzParse holds that an address that is read is written so that it is read as the same one, and that a
// selector without patterns picks the step of its own name.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"load", "load.chat", `load.chat["qwen/h100/1gpu/16u/1024x256/t1"]`, `load.chat["a\"]b"]`, "load.", "load[x]",
		"load.**[*/1gpu/**]", `load.chat["[a-z]"]`, "load.chat[", "\xff", `a.b.c["` + "\x00" + `"]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if step, err := Parse(text); err == nil {
			if again, err := Parse(step.String()); err != nil || again != step {
				t.Errorf("%q is %+v, and what that writes, %q, is %+v, %v", text, step, step.String(), again, err)
			}
		}
		selector, err := ParseSelector(text)
		if err != nil {
			return
		}
		if again, err := ParseSelector(selector.String()); err != nil || again != selector {
			t.Errorf("%q is %+v, and what that writes, %q, is %+v, %v", text, selector, selector, again, err)
		}
		if step := selector.pattern; plain(step.Kind+step.Name+step.Key) && !selector.Match(step) {
			t.Errorf("selector %q does not pick the step %q", text, step)
		}
	})
}

// plain reports whether a pattern stands for its own text alone.
func plain(pattern string) bool {
	for _, r := range pattern {
		if r == '*' || r == '?' || r == '[' || r == ']' || r == '\\' || r == '\uFFFD' {
			return false
		}
	}
	return true
}
