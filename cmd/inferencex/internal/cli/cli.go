// Package cli is the command line of inferencex: one file a verb, each thin. A command prints data to stdout and talk to stderr, and what
// it returns is turned into an exit code in one place.
package cli

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/stages/all"
)

// App is the world as the commands see it.
type App struct {
	Args     []string // without the program's name
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Getenv   func(string) string
	Now      func() time.Time
	Width    int  // columns of the terminal that stdout is; 0: it is none
	Terminal bool // stderr is a terminal
	Colour   bool // and takes colours
	// Quit ends the process at once, for a second ^C.
	Quit func(code int)
	// Executable is the path of this program, for what starts a copy of it.
	Executable string
	// CacheDir is a folder of this user and machine for what can be found out again; empty: there is none.
	CacheDir string

	registry *all.Registry
}

// parts returns the stages and providers, the same ones at every call.
func (a *App) parts() *all.Registry {
	if a.registry == nil {
		a.registry = all.New(all.Config{Executable: a.Executable, Ceiling: new(a.ceiling())})
	}
	return a.registry
}

// System returns the App of a real process.
func System() *App {
	executable, _ := os.Executable() // without it only the process provider is lost, and it says so
	cache, _ := os.UserCacheDir()    // without it what calibrate finds is forgotten, and it says so
	terminal := term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb"
	return &App{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: time.Now, Quit: os.Exit, Executable: executable, CacheDir: cache,
		Width: width(os.Stdout), Terminal: terminal, Colour: terminal && os.Getenv("NO_COLOR") == "",
	}
}

// width returns the columns of a terminal, or 0 for a file that is none.
func width(f *os.File) int {
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// Main runs one command and returns its exit code.
func Main(app *App) int {
	root := newRoot(app)
	root.SetArgs(longFlags(app.Args))
	root.SetIn(app.Stdin)
	root.SetOut(app.Stdout)
	root.SetErr(app.Stderr)
	err := crew.Catch(root.Execute) // a panic would end the process with a code that says something else
	if err != nil && strings.TrimSpace(err.Error()) != "" {
		fmt.Fprintf(app.Stderr, "Error: %s\n", strings.TrimSpace(err.Error()))
	}
	return codeOf(err)
}

func newRoot(app *App) *cobra.Command {
	root := &cobra.Command{
		Use:   "inferencex",
		Short: "Benchmark LLM inference from a declarative suite",
		Long: `inferencex deploys models, loads them with users, samples their power and reports throughput per GPU, latency,
interactivity, time to first token and power efficiency — from one HCL file, with checkpoints and guaranteed teardown.

  inferencex init              write a suite to start from
  inferencex plan suite.hcl    see what would be done, and why
  inferencex run suite.hcl     do it; do it again to go on where it stopped`,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		SilenceUsage:               true,
		Version:                    versionString(),
		Args:                       knownVerb,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return exit(ExitConfig, "%w\nSee %q.", err, cmd.CommandPath()+" -help")
	})
	root.AddCommand(
		newInit(app), newValidate(app), newFmt(app), newConsole(app), newSchema(app), newPlan(app), newRun(app), newStatus(app), newLogs(app), newReport(app), newGraph(app), newDestroy(app), newReap(app), newGC(app), newSimulate(app), newVersion(app),
		newCalibrate(app), newNullServer(app), newGuard(app),
	)
	return root
}

var oneDash = regexp.MustCompile(`^-[a-z][a-z-]+(=|$)`)

// longFlags lets flags be written as their users know them from the tools beside this one: -var and --var are the same.
func longFlags(args []string) []string {
	long := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(long[i:], args[i:])
			break
		}
		if oneDash.MatchString(arg) {
			arg = "-" + arg
		}
		long[i] = arg
	}
	return long
}

// knownVerb refuses what is no verb, and names the nearest.
func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return exit(ExitConfig, "there is no command %q; did you mean %q?", args[0], near[0])
	}
	return exit(ExitConfig, "there is no command %q; inferencex -help lists them", args[0])
}

// noArgs is cobra.NoArgs with an error of the right code.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return exit(ExitConfig, "%s takes no argument, got %v", cmd.CommandPath(), args)
	}
	return nil
}

// oneArg is cobra.MaximumNArgs(1) with an error of the right code, for commands that take a suite, or the current folder.
func oneArg(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return exit(ExitConfig, "%s takes one argument at most, got %d: %s", cmd.CommandPath(), len(args), strings.Join(args, " "))
	}
	return nil
}
