package wire

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever a stream holds, a Decoder says of each chunk what encoding/json says of it alone.
func TestDecoderAgreesWithEncodingJSON(t *testing.T) {
	streams := 100_000
	if testing.Short() || raceEnabled {
		streams = 5_000
	}
	rng := rand.New(rand.NewPCG(5, 5))
	again := 0
	for range streams {
		var d Decoder
		for _, data := range randomStream(rng) {
			if d.again(data, new(Chunk)) {
				again++
			}
			holdAgainst(t, &d, data)
		}
	}
	if again < streams/4 {
		t.Errorf("of %d streams %d chunks were known by what is around their text", streams, again)
	}
}

func holdAgainst(t *testing.T, d *Decoder, data []byte) {
	t.Helper()
	var got, want Chunk
	gotErr, wantErr := d.Decode(data, &got), decodeJSON(data, &want)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%q: %v, encoding/json says %v", data, gotErr, wantErr)
	}
	if gotErr != nil {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q (-encoding/json +decoder):\n%s", data, diff)
	}
	var said string
	if err := json.Unmarshal([]byte(`"`+string(d.AppendContent(nil, data))+`"`), &said); err != nil || said != contentOf(data) {
		t.Fatalf("%q says %q (%v), by encoding/json %q", data, said, err, contentOf(data))
	}
}

// randomStream makes a few chunks as some server might, with texts of all sorts, and now and then one that is broken.
func randomStream(rng *rand.Rand) [][]byte {
	style := rng.IntN(5)
	var chunks [][]byte
	for i := range 2 + rng.IntN(4) {
		word := quoted(rng)
		var text string
		switch style {
		case 0:
			text = fmt.Sprintf(`{"id":"c-1","choices":[{"index":0,"delta":{"content":%s},"logprobs":null,"finish_reason":null}],"usage":null}`, word)
		case 1:
			text = fmt.Sprintf(`{"choices":[{"text":%s,"index":0,"finish_reason":%s}],"created":%d}`, word, pick(rng, `null`, `"length"`, `""`), 1795429788+i/2)
		case 2:
			text = fmt.Sprintf(`{"choices":[{"delta":{"role":"assistant","content":%s,"reasoning_content":%s}}]}`, pick(rng, word, "null"), pick(rng, word, "null", `""`))
		case 3:
			text = fmt.Sprintf(`{"choices":[{"delta":{"content":%s}}],"usage":{"prompt_tokens":7,"completion_tokens":%d,"prompt_tokens_details":%s}}`,
				word, i, pick(rng, "null", `{"cached_tokens":3}`, `{"cached_tokens":null}`))
		default:
			text = fmt.Sprintf(`{"choices":[{"delta":{%s,"tool_calls":%s}}],"error":%s}`, pick(rng, `"content":`+word, `"reasoning":`+word),
				pick(rng, "null", "[]", `[{"function":{"name":"f","arguments":"{}"}}]`), pick(rng, "null", "null", `{"message":"no"}`))
		}
		chunks = append(chunks, mangled(rng, text))
	}
	return chunks
}

func pick(rng *rand.Rand, of ...string) string { return of[rng.IntN(len(of))] }

// quoted is a JSON string.
func quoted(rng *rand.Rand) string {
	parts := []string{"a", " token", "é", "😀", `\n`, `\"`, `\\`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, "\xff", `"`, "\t", `\x`, `","content":"b`}
	likely := len(parts)
	if rng.IntN(4) > 0 {
		likely = 8 // whole and plain
	}
	var text strings.Builder
	for range rng.IntN(4) {
		text.WriteString(parts[rng.IntN(likely)])
	}
	return `"` + text.String() + `"`
}

// mangled changes a byte of a text, now and then, or cuts it.
func mangled(rng *rand.Rand, text string) []byte {
	data := []byte(text)
	switch rng.IntN(16) {
	case 0:
		data[rng.IntN(len(data))] = `{}[]",:0\`[rng.IntN(9)]
	case 1:
		data = data[:rng.IntN(len(data))]
	}
	return data
}

// FuzzStream has a decoder read what another chunk came before.
func FuzzStream(f *testing.F) {
	for _, name := range bodies(f) {
		events := eventsOf(f, name)
		for i := 1; i < min(len(events), 4); i++ {
			f.Add(events[i-1], events[i])
		}
	}
	for i, test := range documents {
		f.Add([]byte(documents[max(i-1, 0)].text), []byte(test.text))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var d Decoder
		holdAgainst(t, &d, first)
		holdAgainst(t, &d, second)
	})
}

// FuzzRefusal reads bodies of errors, of which nothing is known but that they say something.
func FuzzRefusal(f *testing.F) {
	for _, name := range refusals(f) {
		_, body, _ := strings.Cut(string(read(f, name)), "\r\n\r\n")
		f.Add([]byte(body))
	}
	f.Add([]byte(`{"detail":[{"loc":["body"],"msg":"bad"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		said := Refusal(body)
		if said == "" && len(body) > 0 && !json.Valid(body) {
			t.Errorf("nothing is left of %q", body)
		}
	})
}
