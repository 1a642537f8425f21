package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

const (
	manifestFile = "entry.json"
	schema       = 2 // 1 had no digest of the manifest itself
)

// Entry is one sealed result.
type Entry struct {
	Schema int         `json:"schema"`
	Key    string      `json:"key"`
	Steps  []addr.Step `json:"steps"` // as they were called when they ran; provenance, not identity
	Run    string      `json:"run"`
	Sealed time.Time   `json:"sealed"`
	Recipe Recipe      `json:"recipe"`
	Files  []File      `json:"files"` // sorted by path
	dir    string
}

// File is one file of an entry.
type File struct {
	Path   string `json:"path"` // PART/name, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Manifest returns the entry as its file says it: JSON whose last member is the digest of all before it.
func (e Entry) Manifest() ([]byte, error) {
	e.Schema = schema
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("describe checkpoint: %w", err)
	}
	text = bytes.TrimSuffix(text, []byte("\n}"))
	return append(text, digestOf(text)...), nil
}

const (
	digestOpens  = ",\n  \"sha256\": \""
	digestCloses = "\"\n}\n"
	digestLength = len(digestOpens) + 2*sha256.Size + len(digestCloses)
)

// digestOf is the end of a manifest that begins with text.
func digestOf(text []byte) []byte {
	return fmt.Appendf(nil, "%s%x%s", digestOpens, sha256.Sum256(text), digestCloses)
}

// readManifest reads an entry, with its recipe or without: that is most of a manifest, and whoever looks a key up knows it. What is wrong with the
// text is told in the words of a CorruptError.
func readManifest(text []byte, recipe bool) (e Entry, wrong string) {
	rest := text
	if !recipe {
		rest = without(text, "recipe")
	}
	var read struct {
		Entry
		SHA256 string `json:"sha256"`
	}
	if err := json.Unmarshal(rest, &read); err != nil {
		return Entry{}, "is not the JSON that was written"
	}
	body := text[:max(0, len(text)-digestLength)]
	switch {
	case read.Schema < 1 || read.Schema > schema:
		return Entry{Schema: read.Schema}, fmt.Sprintf("has schema %d, this program reads %d", read.Schema, schema)
	case (read.Schema > 1 || read.SHA256 != "") && !bytes.Equal(text[len(body):], digestOf(body)):
		return Entry{}, "has changed since it was sealed"
	}
	return read.Entry, ""
}

// without returns an object without one of its members; text that is no object as it is.
func without(object []byte, member string) []byte {
	rest := append(make([]byte, 0, len(object)), '{')
	ok := members(object, func(name string, value []byte) bool {
		if name != member {
			rest = append(append(fmt.Appendf(rest, "%q:", name), value...), ',')
		}
		return true
	})
	if !ok {
		return object
	}
	return end(rest, '{', '}')
}
