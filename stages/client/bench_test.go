package client

import (
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// BenchmarkToken measures what one token costs between the read and the row: cutting out its event, decoding it and noting its chunk.
func BenchmarkToken(b *testing.B) {
	event := []byte(`data: {"id":"chatcmpl-37cc408a-e3b3-5c39-9fd1-2e2a7d2ab44d","model":"llm","object":"chat.completion.chunk","created":1795429793,` +
		`"usage":null,"choices":[{"index":0,"finish_reason":null,"delta":{"content":"teach "}}]}` + "\n\n")
	a := answer{client: &Client{}, chunks: make([]table.Chunk, 0, 1)}
	b.ReportAllocs()
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		a.chunks = a.chunks[:0]
		if a.Body(1, event) {
			b.Fatal(a.err)
		}
	}
	if a.row.Chunks == 0 {
		b.Fatal("no token was found")
	}
}

// A token may cost no allocation: at 50,000 a second the collector would show up in the very gaps that are measured.
func TestNoAllocationPerToken(t *testing.T) {
	event := []byte("data: {\"choices\":[{\"delta\":{\"content\":\" \\u00e9 \\n\"}}],\"usage\":null}\r\n\r\n")
	a := answer{client: &Client{clock: &stage.Clock{}}, chunks: make([]table.Chunk, 0, 1)}
	token := func() {
		a.chunks = a.chunks[:0]
		for cut := range 2 { // one event over two reads
			a.Body(1, event[cut*len(event)/2:][:len(event)/2+cut*(len(event)%2)])
		}
	}
	token() // the first one makes the buffer and the row's times
	if n := testing.AllocsPerRun(1000, token); n != 0 || a.row.Chunks < 1000 {
		t.Errorf("%v allocations for each of %d tokens", n, a.row.Chunks)
	}
}
