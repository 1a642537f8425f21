package client

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// capturedBody returns the body of a recorded answer.
func capturedBody(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	body, _, _ = bytes.Cut(body, []byte("### curl exit"))
	return body
}

func TestModelNames(t *testing.T) {
	for name, want := range map[string][]string{
		"litellm-models.txt": {"tiny"},
		"llama-models.txt":   {"llm"},
		"llama7-models.txt":  {"llm"},
		"sim-models.txt":     {"llm"},
		"vllm032-models.txt": {"tiny", "llm"},
	} {
		got, err := ModelNames(capturedBody(t, filepath.Join("testdata", "captures", name)))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
	got, err := ModelNames([]byte(`{"data":[{"id":"a","aliases":["b","a"]},{"id":""},{"id":"c"},{"id":"b"}]}`))
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); err != nil || diff != "" {
		t.Errorf("aliases: %v (-want +got):\n%s", err, diff)
	}
	if got, err := ModelNames([]byte("<html>")); err == nil {
		t.Errorf("a page has the models %q", got)
	}
}

// FuzzModelNames has any answer read: of one that is no JSON there are no names; else each name is a text, stands once, and a list written anew of the
// names reads the same.
func FuzzModelNames(f *testing.F) {
	paths, err := filepath.Glob("testdata/captures/*-models.txt")
	if err != nil || len(paths) < 5 {
		f.Fatalf("captures: %v, %v", paths, err)
	}
	for _, path := range paths {
		f.Add(capturedBody(f, path))
	}
	f.Add([]byte(`{"data":[{"id":"a","aliases":["b","a"]},{"id":""},null]}`))
	f.Add([]byte(`{"data":{}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		names, err := ModelNames(answer)
		if err != nil || !json.Valid(answer) {
			if err == nil || names != nil {
				t.Fatalf("names %q, error %v", names, err)
			}
			return
		}
		var entries []map[string]string
		for i, name := range names {
			if name == "" || slices.Contains(names[:i], name) {
				t.Fatalf("name %d of %q", i, names)
			}
			entries = append(entries, map[string]string{"id": name})
		}
		text, err := json.Marshal(map[string]any{"data": entries})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ModelNames(text); err != nil || !slices.Equal(again, names) {
			t.Errorf("%q became %q, %v", names, again, err)
		}
	})
}
