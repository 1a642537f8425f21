package nullserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/quantile"
)

// Answer is one answer as a client met it. Times are unix nanoseconds of this machine.
type Answer struct {
	ID     string
	Send   int64   // just before the request was written
	Tokens []int64 // when each was read
}

// Figures is what a client adds to the times of the server, in seconds.
type Figures struct {
	Tokens        int     `json:"tokens"`
	TTFTError     float64 `json:"ttft_error_s"` // mean of the client's time to the first token, from its send, less the server's, from the request's arrival
	LagP50        float64 `json:"lag_p50_s"`    // from the server's write of a token to the client's stamp
	LagP99        float64 `json:"lag_p99_s"`
	GapP50        float64 `json:"gap_p50_s"` // between the client's stamps of neighbouring tokens
	GapP99        float64 `json:"gap_p99_s"`
	ServerLateP99 float64 `json:"server_late_p99_s"` // of the answers: by how much the server wrote a token after it was due, on average
}

// Compare holds answers against the server's records of them.
func Compare(answers []Answer, records []Record) (Figures, error) {
	byID := make(map[string]Record, len(records))
	for _, r := range records {
		byID[r.ID] = r
	}
	var lags, gaps, late []float64
	var f Figures
	for _, a := range answers {
		r, ok := byID[a.ID]
		if !ok || len(r.Writes) != len(a.Tokens) || len(a.Tokens) == 0 {
			return f, fmt.Errorf("answer %s: the server wrote %d tokens, the client read %d", a.ID, len(r.Writes), len(a.Tokens))
		}
		late = append(late, float64(r.Late)/1e9/float64(len(r.Writes)))
		f.TTFTError += float64((a.Tokens[0]-a.Send)-(r.Writes[0]-r.Arrival)) / 1e9 / float64(len(answers))
		for i, t := range a.Tokens {
			lags = append(lags, float64(t-r.Writes[i])/1e9)
			if i > 0 {
				gaps = append(gaps, float64(t-a.Tokens[i-1])/1e9)
			}
		}
	}
	slices.Sort(lags)
	slices.Sort(gaps)
	slices.Sort(late)
	f.Tokens = len(lags)
	f.LagP50, f.LagP99 = quantile.Lower(lags, 50), quantile.Lower(lags, 99)
	f.GapP50, f.GapP99 = quantile.Lower(gaps, 50), quantile.Lower(gaps, 99)
	f.ServerLateP99 = quantile.Lower(late, 99)
	return f, nil
}

// Records takes the records of all streams from the server at url, which forgets them. It waits for those that are still being written.
func Records(ctx context.Context, url string) ([]Record, error) {
	var records []Record
	return records, ask(ctx, url+"/stamps", &records)
}

// ask reads a document of the server, over a connection of its own.
func ask(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask the null server: %w", err)
	}
	req.Close = true
	resp, err := new(http.Transport).RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask the null server: %w", err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("read what the null server answers: %w", err)
	}
	return nil
}
