package process_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"syscall"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

// mortal answers the least that a server must, and POST /end/HOW ends it.
func mortal(args []string) int {
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", args[1]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stderr, "mortal: the secret is", os.Getenv("TEST_SECRET"))
	mux := least(args[0])
	for how, end := range map[string]func(){
		"kill": func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) },
		"exit": func() { os.Exit(0) },
		"fail": func() {
			fmt.Fprintln(os.Stderr, "mortal: out of memory")
			os.Exit(3)
		},
		"deaf": func() { _ = ln.Close() },
	} {
		mux.HandleFunc("/end/"+how, func(http.ResponseWriter, *http.Request) { end() })
	}
	err = http.Serve(ln, mux)
	fmt.Fprintln(os.Stderr, "mortal:", err)
	select {}
}

// How a server ended is told with its exit status and its last words, and that one has closed its port
// although it lives.
func TestHowAServerEnded(t *testing.T) {
	const words = `; its last words:\n\tmortal: the secret is \(sensitive\)`
	const log = ` \(log: .*server\.log\)` + words
	for how, test := range map[string]struct {
		want  string
		class stage.ErrorClass
	}{
		"kill": {`has ended: exit status 137 \(killed\)` + log + `$`, stage.Permanent},
		"exit": {`has ended: exit status 0` + log + `$`, stage.Permanent},
		"fail": {`has ended: exit status 3` + log + `\n\tmortal: out of memory$`, stage.Permanent},
		"deaf": {
			`^nothing listens any more: .*connection refused` + words +
				`\n\tmortal: accept .*use of closed network connection$`, stage.Transient,
		},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			env := deploytest.Env(nil)
			env.Secret = func(string) string { return "hf_not_to_be_seen" }
			cfg := stage.DeployConfig{
				Deployment: own("mortal", "{alias}", "{port}"),
				SecretEnv:  map[string]string{"TEST_SECRET": "engine.own.env.TEST_SECRET"},
			}
			_, _, live, err := acquireWith(t, cfg, `grace = "100ms"`, env)
			if err != nil {
				t.Fatal(err)
			}
			if err := live.Alive(t.Context()); err != nil {
				t.Fatalf("before its end: %v", err)
			}
			if resp, err := http.Post(live.Endpoint().URL+"/end/"+how, "", nil); err == nil {
				resp.Body.Close()
			}
			err = live.Alive(t.Context())
			if err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) ||
				stage.ReasonOf(err) != "server_ended" || stage.ClassOf(err) != test.class {
				t.Errorf("%s %s: %v\nwant %s", stage.ClassOf(err), stage.ReasonOf(err), err, test.want)
			}
		})
	}
}
