//go:build linux

package client_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/client/nullserver"
)

// asker sends a request of a stream and returns when it is answered. It is called from one goroutine for each stream.
type asker func(stream int, id string) (nullserver.Answer, error)

// load has every stream ask for its answers. Those of stream n are at n × rounds, in their order.
func load(p point, ask asker) ([]nullserver.Answer, error) {
	answers := make([]nullserver.Answer, p.Streams*p.Rounds)
	failures := make([]error, p.Streams)
	start := time.Now()
	var streams sync.WaitGroup
	for n := range p.Streams {
		streams.Go(func() {
			<-time.After(time.Until(start.Add(p.Ramp * time.Duration(n) / time.Duration(p.Streams))))
			for round := range p.Rounds {
				answer, err := ask(n, fmt.Sprintf("%d-%d", n, round))
				if err == nil && len(answer.Tokens) != p.Tokens {
					err = fmt.Errorf("%d tokens of %d", len(answer.Tokens), p.Tokens)
				}
				if err != nil {
					failures[n] = fmt.Errorf("answer %d-%d: %w", n, round, err)
					return
				}
				answers[n*p.Rounds+round] = answer
			}
		})
	}
	streams.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// ours asks through this package, with connections dialled ahead.
func ours(url string, p point) (asker, error) {
	clock := stage.NewClock(time.Now, stage.ServerClock{})
	c, err := client.New(client.Config{Endpoint: stage.Endpoint{URL: url, Model: "null"}, Clock: clock})
	if err != nil {
		return nil, err
	}
	if err := c.Warm(context.Background(), p.Streams); err != nil {
		return nil, err
	}
	extra, err := json.Marshal(p.order())
	if err != nil {
		return nil, err
	}
	spare := make([][]table.Chunk, p.Streams)
	return func(stream int, id string) (nullserver.Answer, error) {
		call, err := c.Encode(client.Request{API: client.Chat, Prompt: client.Prompt{Text: "hi"}, OSL: p.Tokens, ID: id, ExtraBody: extra})
		if err != nil {
			return nullserver.Answer{}, err
		}
		row, chunks := c.Send(context.Background(), call, clock.NowNS(), spare[stream][:0])
		spare[stream] = chunks
		if row.Status != "ok" {
			return nullserver.Answer{}, fmt.Errorf("%s: %s", row.Status, row.Error)
		}
		answer := nullserver.Answer{ID: id, Send: clock.UnixNS(row.TSend), Tokens: make([]int64, len(chunks))}
		for i, chunk := range chunks {
			answer.Tokens[i] = clock.UnixNS(chunk.T)
		}
		return answer, nil
	}, nil
}

// chunkOfPlain is an event as client libraries declare it.
type chunkOfPlain struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Model   string `json:"model"`
	Choices []struct {
		Index int `json:"index"`
		Delta struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"delta"`
		FinishReason string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
	} `json:"usage"`
}

// plain asks as most Go programs would: net/http, lines by bufio, encoding/json.
func plain(url string, p point) (asker, error) {
	body, err := json.Marshal(struct {
		nullserver.Order
		Model     string              `json:"model"`
		Stream    bool                `json:"stream"`
		MaxTokens int                 `json:"max_tokens"`
		Messages  []map[string]string `json:"messages"`
	}{p.order(), "null", true, p.Tokens, []map[string]string{{"role": "user", "content": "hi"}}})
	if err != nil {
		return nil, err
	}
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: math.MaxInt}}
	return func(_ int, id string) (nullserver.Answer, error) {
		answer := nullserver.Answer{ID: id}
		req, err := http.NewRequest(http.MethodPost, url+"/v1/chat/completions", bytes.NewReader(body))
		if err != nil {
			return answer, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Request-Id", id)
		answer.Send = time.Now().UnixNano()
		resp, err := c.Do(req)
		if err != nil {
			return answer, err
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
			if !ok || string(data) == "[DONE]" {
				continue
			}
			var chunk chunkOfPlain
			if err := json.Unmarshal(data, &chunk); err != nil {
				return answer, err
			}
			if len(chunk.Choices) > 0 && chunk.Choices[0].Delta.Content != "" {
				answer.Tokens = append(answer.Tokens, time.Now().UnixNano())
			}
		}
		return answer, lines.Err()
	}, nil
}
