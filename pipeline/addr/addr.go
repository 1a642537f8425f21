// Package addr names the steps of a plan. An address is unique in its plan, does not depend on the order of the suite,
// and reads back: Parse(a.String()) == a.
package addr

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Step is the address of one step: a stage kind, the block it comes from and the point of the matrix it stands for.
// It prints as kind.name["key"], kind.name or kind.
type Step struct {
	Kind string // stage kind: deploy, warmup, load, fetch-power, aggregate, plot, teardown
	Name string // provider for deploy, warmup and teardown; benchmark for load and fetch-power; empty for the whole run
	Key  string // deployment or cell, as DeploymentKey and CellKey write it; empty for the whole run
}

// String returns the canonical form, which Parse reads back.
func (s Step) String() string {
	switch {
	case s.Name == "" && s.Key == "":
		return s.Kind
	case s.Key == "":
		return s.Kind + "." + s.Name
	default:
		return s.Kind + "." + s.Name + "[" + strconv.Quote(s.Key) + "]"
	}
}

// IsZero reports whether s names nothing.
func (s Step) IsZero() bool { return s == Step{} }

// MarshalText writes the canonical form, so that addresses are strings in JSON.
func (s Step) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the canonical form; the empty text is the zero Step.
func (s *Step) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Step{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}

// Parse reads the canonical form of an address.
func Parse(text string) (Step, error) {
	head, key, hasKey := strings.Cut(text, "[")
	kind, name, hasName := strings.Cut(head, ".")
	step := Step{Kind: kind, Name: name}
	if kind == "" || (hasName && name == "") || (hasKey && !hasName) {
		return Step{}, fmt.Errorf("address %q: want kind, kind.name or kind.name[\"key\"]", text)
	}
	if hasKey {
		quoted, ok := strings.CutSuffix(key, "]")
		unquoted, err := strconv.Unquote(quoted)
		if !ok || err != nil || unquoted == "" {
			return Step{}, fmt.Errorf("address %q: want a quoted key in brackets, as in load.chat[\"qwen/h100/1gpu/16u/1024x256/t1\"]", text)
		}
		step.Key = unquoted
	}
	return step, nil
}

// Selector picks steps by pattern: each part is a glob as of path.Match, in which * does not cross a slash and ** stands for
// anything. A part left out matches all: "load", "load.chat", `load.chat["*/1gpu/**"]`. A selector without a kind that exists is the caller's
// business to report.
type Selector struct{ pattern Step }

// ParseSelector reads a selector. Quotes around the key may be left out, since shells eat them.
func ParseSelector(text string) (Selector, error) {
	if head, key, ok := strings.Cut(text, "["); ok && !strings.HasPrefix(key, `"`) {
		text = head + "[" + strconv.Quote(strings.TrimSuffix(key, "]")) + "]"
	}
	pattern, err := Parse(text)
	if err != nil {
		return Selector{}, err
	}
	for _, part := range []string{pattern.Kind, pattern.Name, pattern.Key} {
		if _, err := path.Match(part, ""); err != nil {
			return Selector{}, fmt.Errorf("selector %q: bad pattern %q", text, part)
		}
	}
	return Selector{pattern}, nil
}

// Match reports whether the selector picks step.
func (s Selector) Match(step Step) bool {
	return matchPart(s.pattern.Kind, step.Kind) && matchPart(s.pattern.Name, step.Name) && matchPart(s.pattern.Key, step.Key)
}

// String returns the pattern as an address.
func (s Selector) String() string { return s.pattern.String() }

func matchPart(pattern, text string) bool {
	if pattern == "" || pattern == "**" {
		return true
	}
	return matchSegments(strings.Split(pattern, "/"), strings.Split(text, "/"))
}

func matchSegments(pattern, text []string) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	if pattern[0] == "**" {
		for i := 0; i <= len(text); i++ {
			if matchSegments(pattern[1:], text[i:]) {
				return true
			}
		}
		return false
	}
	if len(text) == 0 {
		return false
	}
	ok, _ := path.Match(pattern[0], text[0])
	return ok && matchSegments(pattern[1:], text[1:])
}
