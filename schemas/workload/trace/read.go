package trace

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// The fields of a line.
const (
	fieldAt     = "timestamp"
	fieldISL    = "input_length"
	fieldOSL    = "output_length"
	fieldBlocks = "hash_ids"
)

// Doc says what a trace is, for the reference of the language.
const Doc = "A file of requests to repeat, in place of users or a rate: a JSON object on each line with its timestamp in milliseconds, its input_length and its output_length in tokens. " +
	"Where lines have hash_ids, as those of Mooncake do, they name the blocks of 512 tokens that prompts are made of, and equal ids are equal tokens. Requests are sent as they came, " +
	"the first at once, all of them unless requests or duration says how many."

const (
	maxLine    = 4 << 20               // bytes
	maxSeconds = 100 * 365 * 24 * 3600 // that a trace takes
	mostWrong  = 5                     // lines that are told of
	example    = `{"timestamp": 1500, "input_length": 1024, "output_length": 64}`
)

// Read reads a trace from the text of its file. The error says what is wrong with the first lines that are.
func Read(path, text string) (*Trace, error) {
	t := &Trace{Path: path, Digest: fmt.Sprintf("%x", sha256.Sum256([]byte(text))), Speed: 1}
	var wrong []error
	scan := bufio.NewScanner(strings.NewReader(text))
	scan.Buffer(nil, maxLine)
	for at := 1; scan.Scan() && len(wrong) < mostWrong; at++ {
		if strings.TrimSpace(scan.Text()) == "" {
			continue
		}
		r, err := request(scan.Bytes())
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", path, at, err))
			continue
		}
		t.Requests = append(t.Requests, r)
	}
	if err := scan.Err(); err != nil {
		wrong = append(wrong, fmt.Errorf("%s: %w", path, err))
	}
	switch {
	case len(wrong) > 0:
		return nil, errors.Join(wrong...)
	case len(t.Requests) == 0:
		return nil, fmt.Errorf("%s has no lines, so there is nothing to send", path)
	}
	slices.SortStableFunc(t.Requests, func(a, b Request) int { return cmp.Compare(a.At, b.At) })
	for i, first := 0, t.Requests[0].At; i < len(t.Requests); i++ {
		t.Requests[i].At -= first
	}
	return t, nil
}

// request reads a line.
func request(text []byte) (r Request, err error) {
	var line map[string]json.RawMessage
	if err := json.Unmarshal(text, &line); err != nil {
		return r, fmt.Errorf("the line is no JSON object: write %s", example)
	}
	at, err := number(line, fieldAt, 0, 1e3*maxSeconds, false)
	if err != nil {
		return r, err
	}
	isl, err := number(line, fieldISL, 1, length.MaxTokens, true)
	if err != nil {
		return r, err
	}
	osl, err := number(line, fieldOSL, 1, length.MaxTokens, true)
	if err != nil {
		return r, err
	}
	r = Request{At: time.Duration(math.Round(at * float64(time.Millisecond))), ISL: int(isl), OSL: int(osl)}
	raw, given := line[fieldBlocks]
	if !given {
		return r, nil
	}
	if err := json.Unmarshal(raw, &r.Blocks); err != nil {
		return r, fmt.Errorf("%q is no list of whole numbers", fieldBlocks)
	}
	if most := (r.ISL + BlockTokens - 1) / BlockTokens; len(r.Blocks) > most {
		return r, fmt.Errorf("%q has %d blocks of %d tokens, but a prompt of %d tokens has room for %d", fieldBlocks, len(r.Blocks), BlockTokens, r.ISL, most)
	}
	return r, nil
}

// number reads a field of a line.
func number(line map[string]json.RawMessage, field string, least, most float64, whole bool) (float64, error) {
	raw, given := line[field]
	if !given {
		return 0, fmt.Errorf("the line has no %q%s Lines look like %s", field, block.Hint(field, slices.Sorted(maps.Keys(line))), example)
	}
	var n float64
	if err := json.Unmarshal(raw, &n); err != nil || n < least || n > most || whole && n != math.Trunc(n) {
		kind := "a number of milliseconds"
		if whole {
			kind = "a whole number of tokens"
		}
		return 0, fmt.Errorf("%q is %s, not %s from %.0f to %.0f", field, raw, kind, least, most)
	}
	return n, nil
}
