package deploy

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// Provider brings servers to life in one kind of place and takes them away. Its methods are safe for concurrent use and hold no
// configuration: each call carries the arguments of the provider block that it is for. deploytest.Run is the contract as a test.
type Provider interface {
	// Type is the word for the provider in suites: the first label of a provider block.
	Type() string
	// Body is the provider's arguments: what they are, mean and default to.
	Body() block.Body
	// Create starts a server, with a time limit of Spec.TTL that holds without this process, and returns its id without waiting
	// until it is ready. The same token returns the same id while the server lives. If ctx ends first, nothing is left behind.
	Create(ctx context.Context, token Token, spec Spec) (ID, error)
	// Inspect tells what the provider sees of a server. An error means that it could not look.
	Inspect(ctx context.Context, h Handle) (Status, error)
	// Logs returns the last lines that the server wrote, oldest first; nil where the provider has none.
	Logs(ctx context.Context, h Handle, lines int) ([]string, error)
	// Destroy ends a server and returns nil only once it is absent, or if it never was there. It needs no more of the handle
	// than Scope, Token and, where it is known, ID.
	Destroy(ctx context.Context, h Handle) error
	// List returns the servers with all of these labels, within what the provider's documentation calls visible, by token.
	List(ctx context.Context, scope Scope, labels map[string]string) ([]Resource, error)
}

// Token names one incarnation: 1 to 40 of a-z, 0-9 and -, unique over all runs. It is the idempotency key of Create, the value of
// LabelToken and the alias under which the server lists its model.
type Token string

// ID is the provider's name for a server. It says enough to find the server again from another process.
type ID string

// The labels that every server carries where its provider has labels, tags or a place for a mark.
const (
	LabelToken = "inferencex-token"
	LabelRun   = "inferencex-run"
)

// Scope is what a call needs beside its object.
type Scope struct {
	Args cty.Value // the provider block's arguments, as its Body says, with defaults filled in
	Env  stage.Env
}

// Spec says what to create.
type Spec struct {
	Scope
	Deployment stage.Deployment
	EngineEnv  Environment // the engine's environment, with its secrets
	Labels     map[string]string
	Demands    []stage.Demand // of the loads that it is for, as far as they are known
	TTL        time.Duration  // above zero
	Dir        string         // a folder for files that outlast the server, such as its log
}

// Handle names a server that was created, or may have been.
type Handle struct {
	Scope
	Deployment stage.Deployment // zero where only labels were found
	Token      Token
	ID         ID // empty if the create call was cut short
}

// Status is what a provider sees of a server.
type Status struct {
	Gone   bool    // ended or absent: it will not come back
	Queued bool    // it waits for the provider to have room: its start-up has not begun
	Detail string  // why it is gone, or what it waits for
	Server *Server // nil until the provider knows where it will answer
}

// Server is where and how a server answers.
type Server struct {
	URL    string   // base without a path
	Models []string // names to ask for, the best first; one must be listed by the server
	// Unique is true where the provider started the server with the token as an alias. The alias is then the first of Models, and a
	// server that does not list it is another one.
	Unique    bool
	APIKeyEnv string
	Headers   map[string]string // values may be secrets
	Trust     stage.Trust
	// MetricsURLs are where each of the servers behind URL shows its metrics; none: URL has them.
	MetricsURLs []string
	Power       stage.PowerSource
}

// Resource is a server that List found.
type Resource struct {
	Token  Token
	ID     ID
	Labels map[string]string
}

// Matches reports whether a server with these labels is wanted.
func Matches(carried, wanted map[string]string) bool {
	for name, value := range wanted {
		if carried[name] != value {
			return false
		}
	}
	return true
}

// Sorted are resources by token, as List returns them.
func Sorted(found map[Token]Resource) []Resource {
	return slices.SortedFunc(maps.Values(found), func(a, b Resource) int { return cmp.Compare(a.Token, b.Token) })
}

// GPULister is the optional power to see a server's GPUs from inside. Nil means that nobody could look.
type GPULister interface {
	GPUs(ctx context.Context, h Handle) ([]stage.DeviceGPU, error)
}

// Execer is the optional power to run a command beside the server, in the same container, and to have its standard output.
type Execer interface {
	Exec(ctx context.Context, h Handle, argv []string) ([]byte, error)
}

// InProcess is the optional power of a provider whose servers, or what watches over them, are goroutines of
// this process.
type InProcess interface {
	// Panicked returns the panic by which those of a server have ended; nil while there was none, and of a
	// server that is not there. It asks nobody.
	Panicked(token Token) error
}

// Borrower is the mark of a provider whose servers are not its own: they have no time limit, and Destroy leaves them alone.
type Borrower interface {
	Borrowed()
}
