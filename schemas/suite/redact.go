package suite

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// leastSecret is the length of a text that is worth hiding by search: shorter ones are part of any message.
const leastSecret = 4

// secrets are the texts of sensitive variables that are long enough to be searched for.
func (l *loader) secrets() []string {
	var out []string
	for _, v := range l.suite.Variables {
		for _, text := range v.Secrets {
			if len(text.Reveal()) >= leastSecret {
				out = append(out, text.Reveal())
			}
		}
	}
	return out
}

// redact takes the text of every sensitive variable out of the messages: the last of several guards.
func (l *loader) redact(diags hcl.Diagnostics) hcl.Diagnostics {
	secrets := l.secrets()
	for _, d := range diags {
		for _, s := range secrets {
			d.Detail = strings.ReplaceAll(d.Detail, s, block.Redacted)
		}
	}
	return diags
}

// mask does the same to the files that snippets are taken from, where a secret was written into one. Offsets stay.
func (l *loader) mask(files map[string]*hcl.File) {
	for _, s := range l.secrets() {
		for name, f := range files {
			if f == nil || !bytes.Contains(f.Bytes, []byte(s)) {
				continue
			}
			masked := *f
			masked.Bytes = bytes.ReplaceAll(f.Bytes, []byte(s), bytes.Repeat([]byte("*"), len(s)))
			files[name] = &masked
		}
	}
}
