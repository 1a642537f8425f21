package durabletest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
)

type inner struct {
	N    int32 `json:"n"`
	Held bool  `json:"held"`
}

type form struct {
	inner
	Name   string             `json:"name"`
	Other  string             `json:"other"`
	Share  *float64           `json:"share,omitempty"`
	Parts  []inner            `json:"parts"`
	Counts map[string]int     `json:"counts"`
	At     time.Time          `json:"at"`
	Raw    json.RawMessage    `json:"raw"`
	Code   code               `json:"code"`
	Hidden string             `json:"-"`
	Nested map[string]float64 `json:"nested"`
}

// code reads back in one form alone.
type code int

func (c code) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "code %d", int(c)), nil }

func (c *code) UnmarshalText(text []byte) error {
	if string(text) != "code 7" {
		return fmt.Errorf("no code: %q", text)
	}
	*c = 7
	return nil
}

// failing records that a test failed.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper() {}

func (f *failing) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }

func TestAFormIsHeld(t *testing.T) {
	golden := filepath.Join(t.TempDir(), "form.json")
	want := durabletest.Fill[form](t, code(7))
	text, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(golden, text, 0o644); err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, golden, want, text)
	swap := strings.NewReplacer(`"Name"`, `"Other"`, `"Other"`, `"Name"`)
	for name, tc := range map[string]struct{ text, says string }{
		"a renamed tag":     {strings.Replace(string(text), `"name"`, `"title"`, 1), `unknown field "title"`},
		"a lost field":      {strings.Replace(string(text), ` "other": "Other",`+"\n", "", 1), "read back"},
		"swapped fields":    {swap.Replace(string(text)), "read back"},
		"what is not there": {`{}`, "(-want +got)"},
	} {
		got := &failing{TB: t}
		durabletest.Hold(got, golden, want, []byte(tc.text))
		if !strings.Contains(got.said, tc.says) {
			t.Errorf("%s: said %q, want %q", name, got.said, tc.says)
		}
	}
}

func TestEveryFieldHasAValueOfItsOwn(t *testing.T) {
	got := durabletest.Fill[form](t, code(7))
	if got.N == 0 || got.Hidden != "" || got.Name == got.Other || got.Share == nil ||
		len(got.Parts) != 1 || got.Parts[0].N == 0 || !got.Parts[0].Held ||
		got.At.IsZero() || got.Code != 7 || len(got.Counts) != 1 || string(got.Raw) != `"Raw"` {
		t.Errorf("%+v", got)
	}
	for _, n := range got.Counts {
		if n == 0 || float64(n)+0.5 == *got.Share {
			t.Errorf("%+v", got)
		}
	}
}
