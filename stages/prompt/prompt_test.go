package prompt

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
)

// server counts as a real one does. Its words of a length in long are several tokens.
type server struct {
	noTokenize, noIDs, noUsage bool
	added                      int         // to every prompt of text
	first                      int         // to every prompt of ids
	between                    int         // two messages of a chat
	most                       int         // tokens of a prompt; 0: as many as there are
	long                       map[int]int // tokens of a word by its letters; 1 for the others
	refusal                    *table.Request
	asked, tokenized           int
	prompts                    []client.Prompt
}

func (s *server) Tokenize(_ context.Context, text string) ([]int64, error) {
	s.asked++
	if s.noTokenize {
		return nil, fmt.Errorf("tokenize: %w", client.ErrUnsupported)
	}
	s.tokenized++
	return s.encode(text), nil
}

func (s *server) encode(text string) []int64 {
	var ids []int64
	for _, word := range strings.Fields(text) {
		for i := range s.tokens(word) {
			ids = append(ids, int64(word[0])<<16|int64(word[len(word)-1])<<8|int64(i))
		}
	}
	return ids
}

// file is the tokenizer of a server's model, as its repository has it.
type file struct{ of server }

func (f file) Encode(text string) []int64 { return f.of.encode(text) }

func (s *server) tokens(word string) int { return max(1, s.long[len(word)]) }

func (s *server) Complete(_ context.Context, r client.Request) table.Request {
	s.asked++
	s.prompts = append(s.prompts, r.Prompt)
	row := table.Request{Status: "ok", HTTPStatus: 200}
	if s.refusal != nil {
		return *s.refusal
	}
	n := int32(s.count(r.Prompt))
	if s.most > 0 && int(n) > s.most {
		return table.Request{Status: "http_error", HTTPStatus: 400, Error: fmt.Sprintf("HTTP 400: maximum context length is %d", s.most)}
	}
	if len(r.Prompt.IDs) > 0 && s.noIDs {
		return table.Request{Status: "http_error", HTTPStatus: 400, Error: "HTTP 400: prompt must be text"}
	}
	if !s.noUsage {
		row.ISL = &n
	}
	return row
}

// count is what usage.prompt_tokens would say.
func (s *server) count(p client.Prompt) int {
	if len(p.IDs) > 0 {
		return len(p.IDs) + s.first
	}
	n := s.added
	for _, word := range strings.Fields(p.Text) {
		n += s.tokens(word)
	}
	for i, message := range p.Messages {
		if i > 0 {
			n += s.between
		}
		for _, word := range strings.Fields(message.Content) {
			n += s.tokens(word)
		}
	}
	return n
}

var servers = []struct {
	name string
	api  string
	server
	tokenizer Encoder
	method    Method
	added     int
	exact     bool
}{
	{"completions", client.Completions, server{}, nil, TokenIDs, 0, true},
	{"completions with a first token", client.Completions, server{first: 1}, nil, TokenIDs, 1, true},
	{"completions of text only", client.Completions, server{noIDs: true, added: 1}, nil, Tokenize, 1, true},
	{"chat", client.Chat, server{added: 5}, nil, Tokenize, 5, true},
	{"chat, some words of two tokens", client.Chat, server{added: 5, long: map[int]int{6: 2}}, nil, Tokenize, 5, true},
	{"chat, most words of two and three tokens", client.Chat, server{added: 21, long: map[int]int{4: 2, 5: 3, 6: 3}}, nil, Tokenize, 21, true},
	{"chat without /tokenize", client.Chat, server{noTokenize: true, added: 5}, nil, Usage, 5, true},
	{"chat without /tokenize, some words of two tokens", client.Chat, server{noTokenize: true, added: 5, long: map[int]int{6: 2}}, nil, Usage, 5, true},
	{"completions without /tokenize", client.Completions, server{noTokenize: true, first: 1}, file{}, TokenIDs, 1, true},
	{"completions of text, without /tokenize", client.Completions, server{noTokenize: true, noIDs: true, long: map[int]int{6: 2}}, file{server{long: map[int]int{6: 2}}}, File, 0, true},
	{"chat without /tokenize, but with a tokenizer", client.Chat, server{noTokenize: true, added: 5}, file{}, File, 5, true},
	{"chat with a tokenizer", client.Chat, server{added: 5}, file{}, File, 5, true},
	{"chat with the tokenizer of another model", client.Chat, server{added: 5}, file{server{long: map[int]int{4: 2}}}, Tokenize, 5, true},
	{"tokens are counted, but not those of the template", client.Chat, server{noTokenize: true, noUsage: true, added: 5}, file{}, File, 0, false},
	{"nothing is counted", client.Chat, server{noTokenize: true, noUsage: true, added: 5}, nil, Usage, 0, false},
}

// lengths of one load: the shortest and the longest are counted when it is prepared.
var lengths = []int{64, 65, 333, 1024, 4096}

func TestPrepare(t *testing.T) {
	for _, test := range servers {
		t.Run(test.name, func(t *testing.T) {
			server := test.server
			source := prepare(t, &server, Spec{API: test.api, Shortest: 64, Longest: 4096, Seed: 1, Scope: "a", Tokenizer: test.tokenizer})
			fit := source.Fit()
			mismatch := test.method == Tokenize && test.tokenizer != nil
			if diff := cmp.Diff(Fit{Method: test.method, Words: fit.Words, AddedTokens: test.added, Exact: test.exact, TokenizerMismatch: mismatch}, fit); diff != "" {
				t.Errorf("fit (-want +got):\n%s", diff)
			}
			if server.asked > 110 || test.method == File && server.tokenized > 1 {
				t.Errorf("%d questions, %d of them for tokens", server.asked, server.tokenized)
			}
			for purpose := range purposes {
				for index := range int64(50) {
					isl := lengths[int(index)%len(lengths)]
					if n := server.count(at(t, source, purpose, index, isl)); test.exact && n != isl {
						t.Fatalf("prompt %d of purpose %d has %d tokens, want %d", index, purpose, n, isl)
					}
				}
			}
		})
	}
}

// Words count otherwise within a long text: a prompt of the full length shows it.
func TestCheckCorrects(t *testing.T) {
	s := &drifting{server{added: 5}}
	source := prepare(t, s, Spec{API: client.Chat, Shortest: 500, Longest: 500, Seed: 1})
	row := s.Complete(context.Background(), client.Request{Prompt: at(t, source, Measure, 0, 500)})
	if fit := source.Fit(); *row.ISL != 500 || !fit.Exact || fit.AddedTokens != 12 {
		t.Errorf("prompt has %d tokens; %+v", *row.ISL, fit)
	}
}

// Where the correction of the longest prompt is wrong for the shortest, no length between them is known to be right.
func TestCheckTellsOfUnevenCounts(t *testing.T) {
	source := prepare(t, &drifting{server{added: 5}}, Spec{API: client.Chat, Shortest: 50, Longest: 500, Seed: 1})
	if source.Fit().Exact {
		t.Errorf("%+v, though prompts of 50 tokens are counted as 43", source.Fit())
	}
}

// drifting is a server that counts 7 tokens more in long prompts.
type drifting struct{ server }

func (d *drifting) Complete(ctx context.Context, r client.Request) table.Request {
	row := d.server.Complete(ctx, r)
	if *row.ISL > 100 {
		*row.ISL += 7
	}
	return row
}

func TestPrepareRefuses(t *testing.T) {
	for _, test := range []struct {
		name string
		server
		spec Spec
		want string
	}{
		{
			"no room",
			server{added: 5},
			Spec{API: client.Chat, Shortest: 8, Longest: 90, SharedPrefix: 3},
			"prepare prompts: an isl of 8 leaves no token for a prompt of its own: the server adds 5 and the shared prefix has 3, so give isl at least 9",
		},
		{
			"no room for ids",
			server{first: 1},
			Spec{API: client.Completions, Shortest: 1, Longest: 90},
			"prepare prompts: an isl of 1 leaves no token for a prompt of its own: the server adds 1 and the shared prefix has 0, so give isl at least 2",
		},
		{
			"too long for the server",
			server{most: 4096},
			Spec{API: client.Completions, Shortest: 8, Longest: 5000},
			"prepare prompts: a prompt of 5000 tokens: a request of one token ended with http_error: HTTP 400: maximum context length is 4096",
		},
		{
			"refused",
			server{refusal: &table.Request{Status: "http_error", HTTPStatus: 401, Error: "HTTP 401: no key"}},
			Spec{API: client.Chat, Shortest: 8, Longest: 8},
			"prepare prompts: a request of one token ended with http_error: HTTP 401: no key",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Prepare(context.Background(), &test.server, test.spec); err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func prepare(t testing.TB, s Server, spec Spec) *Source {
	t.Helper()
	source, err := Prepare(context.Background(), s, spec)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func at(t testing.TB, source *Source, purpose Purpose, index int64, isl int) client.Prompt {
	t.Helper()
	made, err := source.At(purpose, index, isl)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAtRefusesWhatPrepareHasNotSeen(t *testing.T) {
	source := prepare(t, &server{added: 5}, Spec{API: client.Chat, Shortest: 40, Longest: 40})
	_, err := source.At(Measure, 0, 5)
	want := "an isl of 5 leaves no token for a prompt of its own: the server adds 5 and the shared prefix has 0, so give isl at least 6"
	if err == nil || err.Error() != want || stage.ReasonOf(err) != "isl_too_small" {
		t.Errorf("%v (%s), want %s", err, stage.ReasonOf(err), want)
	}
}

func TestPromptsAreReproducible(t *testing.T) {
	for _, test := range servers {
		t.Run(test.name, func(t *testing.T) {
			spec := Spec{API: test.api, Shortest: 64, Longest: 64, SharedPrefix: 16, Seed: 1, Scope: "a", Tokenizer: test.tokenizer}
			a, b := prepare(t, &test.server, spec), prepare(t, &test.server, spec)
			for index := range int64(20) {
				if diff := cmp.Diff(at(t, a, Measure, index, 64), at(t, b, Measure, index, 64)); diff != "" {
					t.Fatalf("prompt %d differs:\n%s", index, diff)
				}
			}
			for name, other := range map[string]Spec{
				"another seed":  {API: test.api, Shortest: 64, Longest: 64, SharedPrefix: 16, Seed: 2, Scope: "a", Tokenizer: test.tokenizer},
				"another scope": {API: test.api, Shortest: 64, Longest: 64, SharedPrefix: 16, Seed: 1, Scope: "b", Tokenizer: test.tokenizer},
			} {
				if cmp.Equal(at(t, a, Measure, 0, 64), at(t, prepare(t, &test.server, other), Measure, 0, 64)) {
					t.Errorf("%s: the same prompt", name)
				}
			}
		})
	}
}

// pieces returns what a prompt is made of.
func pieces(p client.Prompt) []string {
	if len(p.IDs) > 0 {
		return strings.Fields(strings.Trim(fmt.Sprint(p.IDs), "[]"))
	}
	return strings.Fields(p.Text)
}

func TestPromptsShareNothing(t *testing.T) {
	for _, test := range servers {
		t.Run(test.name, func(t *testing.T) {
			source := prepare(t, &test.server, Spec{API: test.api, Shortest: 64, Longest: 4096, Seed: 1, Scope: "a", Tokenizer: test.tokenizer})
			purposeOf := map[string]Purpose{}
			seen := map[string]bool{}
			for purpose := range purposes {
				for index := range int64(200) {
					made := pieces(at(t, source, purpose, index, lengths[int(index)%len(lengths)]))
					if other, ok := purposeOf[made[0]]; ok && other != purpose {
						t.Fatalf("prompts of purposes %d and %d begin with %s", purpose, other, made[0])
					}
					purposeOf[made[0]] = purpose
					begin := strings.Join(made[:8], " ")
					if seen[begin] {
						t.Fatalf("prompt %d of purpose %d begins as another one", index, purpose)
					}
					seen[begin] = true
				}
			}
		})
	}
}

func TestSharedPrefix(t *testing.T) {
	measured := prepare(t, &server{added: 5}, Spec{API: client.Chat, Shortest: 64, Longest: 100, SharedPrefix: 16, Seed: 1, Scope: "load"})
	warm := prepare(t, &server{added: 5}, Spec{API: client.Chat, Shortest: 64, Longest: 100, SharedPrefix: 16, Seed: 1, Scope: "warmup"})
	a, b, c := pieces(at(t, measured, Measure, 0, 64)), pieces(at(t, measured, Measure, 1, 80)), pieces(at(t, warm, Warmup, 0, 100))
	if !cmp.Equal(a[:16], b[:16]) || !cmp.Equal(a[:16], c[:16]) {
		t.Errorf("prefixes differ:\n%v\n%v\n%v", a[:16], b[:16], c[:16])
	}
	if cmp.Equal(a[16:24], b[16:24]) || a[16] == c[16] {
		t.Errorf("more than the prefix is shared:\n%v\n%v\n%v", a, b, c)
	}
}

func BenchmarkAt(b *testing.B) {
	source := prepare(b, &server{}, Spec{Shortest: 1024, Longest: 1024})
	b.ReportAllocs()
	for index := int64(0); b.Loop(); index++ {
		at(b, source, Measure, index, 1024)
	}
}

// failing fails every second question with HTTP 500.
type failing struct {
	server
	n int
}

func (f *failing) fails() bool { f.n++; return f.n%2 == 1 }

func (f *failing) Tokenize(ctx context.Context, text string) ([]int64, error) {
	if f.fails() {
		return nil, &client.StatusError{Code: 500}
	}
	return f.server.Tokenize(ctx, text)
}

func (f *failing) Complete(ctx context.Context, r client.Request) table.Request {
	if f.fails() {
		return table.Request{Status: "http_error", HTTPStatus: 500}
	}
	return f.server.Complete(ctx, r)
}

// TestAServerThatFailsHalfOfItsRequests is measured all the same, and its prompts are exact, by each method.
func TestAServerThatFailsHalfOfItsRequests(t *testing.T) {
	for want, s := range map[Method]server{TokenIDs: {}, Tokenize: {noIDs: true}, Usage: {noTokenize: true, noIDs: true}} {
		source, err := Prepare(t.Context(), &failing{server: s}, Spec{API: client.Completions, Shortest: 100, Longest: 100})
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if fit := source.Fit(); fit.Method != want || !fit.Exact {
			t.Errorf("prepared by %+v, want %s and exact", fit, want)
		}
	}
}

// TestATokenizerThatAlwaysFails is done without.
func TestATokenizerThatAlwaysFails(t *testing.T) {
	source, err := Prepare(t.Context(), &noTokens{}, Spec{API: client.Completions, Shortest: 100, Longest: 100})
	if err != nil || source.Fit().Method != Usage {
		t.Errorf("%v, want prompts by usage", err)
	}
}

type noTokens struct{ server }

func (*noTokens) Tokenize(context.Context, string) ([]int64, error) {
	return nil, &client.StatusError{Code: 503}
}
