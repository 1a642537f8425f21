package client

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// secured starts a server that speaks TLS under an authority of its own, and HTTP/2 if it is asked for; without TLS, HTTP/2 alone where h2 is set.
func secured(t *testing.T, withTLS, h2 bool) (server *httptest.Server, caFile string) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range []string{aToken, aToken, aFinish + aUsage + theEnd} {
			_, _ = io.WriteString(w, event)
			_ = http.NewResponseController(w).Flush()
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of refused handshakes
	server.EnableHTTP2 = h2
	if !withTLS {
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetHTTP1(!h2)
		server.Config.Protocols.SetUnencryptedHTTP2(h2)
		server.Start()
		t.Cleanup(server.Close)
		return server, ""
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(caFile, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return server, caFile
}

func TestTrust(t *testing.T) {
	server, caFile := secured(t, true, false)
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	if err := os.WriteFile(garbage, []byte("no certificate"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		trust     stage.Trust
		want, err string // the row's error; New's
	}{
		{"the system's authorities", stage.Trust{}, "tls with 127.0.0.1:", ""},
		{"its own authority", stage.Trust{CAFile: caFile}, "", ""},
		{"anyone", stage.Trust{Insecure: true}, "", ""},
		{"no file", stage.Trust{CAFile: "/nonexistent/ca.pem"}, "", "ca_file: open /nonexistent/ca.pem: no such file or directory"},
		{"no certificate", stage.Trust{CAFile: garbage}, "", "ca_file " + garbage + ": no certificate is in it; want the authority's certificate in PEM form"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL, Model: "llm", Trust: test.trust}})
			if fmt.Sprint(err) != test.err && (err != nil || test.err != "") {
				t.Fatalf("New: %v, want %q", err, test.err)
			}
			if err != nil {
				return
			}
			defer c.Close()
			if err := c.Warm(context.Background(), 2); (err != nil) != (test.want != "") || Untrusted(err) != (test.want != "") {
				t.Errorf("warm: %v", err)
			}
			if test.want != "" {
				row := c.Complete(context.Background(), hello)
				if row.Status != "http_error" || !strings.HasPrefix(row.Error, test.want) {
					t.Errorf("%s: %s", row.Status, row.Error)
				}
				return
			}
			for i := range 4 {
				row := c.Complete(context.Background(), hello)
				if row.Status != "ok" || row.Protocol != "HTTP/1.1" || *row.OSL != 2 || row.NewConnection != (i == 0) {
					t.Errorf("request %d: %+v", i, row)
				}
			}
			if live := c.Live(); live.Connections != 2 {
				t.Errorf("%d connections", live.Connections)
			}
		})
	}
}

func TestSecondHTTP(t *testing.T) {
	for _, withTLS := range []bool{false, true} {
		t.Run(fmt.Sprint("tls ", withTLS), func(t *testing.T) {
			server, caFile := secured(t, withTLS, true)
			c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL, Model: "llm", Trust: stage.Trust{CAFile: caFile}}, HTTP: "2"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Warm(context.Background(), 8); err != nil {
				t.Fatal(err)
			}
			var requests sync.WaitGroup
			for range 8 {
				requests.Go(func() {
					if row := c.Complete(context.Background(), hello); row.Status != "ok" || row.Protocol != "HTTP/2.0" || row.Chunks != 2 || row.NewConnection {
						t.Errorf("row: %+v", row)
					}
				})
			}
			requests.Wait()
			if live := c.Live(); live.Connections != 1 {
				t.Errorf("%d connections", live.Connections)
			}
		})
	}
}

// A server that does not speak HTTP/2 is told from one that is not there.
func TestSecondHTTPOfAFirstServer(t *testing.T) {
	for _, withTLS := range []bool{false, true} {
		t.Run(fmt.Sprint("tls ", withTLS), func(t *testing.T) {
			server, caFile := secured(t, withTLS, false)
			c, err := New(Config{Endpoint: stage.Endpoint{URL: server.URL, Trust: stage.Trust{CAFile: caFile}}, HTTP: "2"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Warm(context.Background(), 8); err == nil || !strings.HasPrefix(err.Error(), "dial "+server.URL+": by HTTP/2, which not every server speaks: ") {
				t.Errorf("warm: %v", err)
			}
			row := c.Complete(context.Background(), hello)
			if row.Status != "http_error" || row.HTTPStatus != 0 || !strings.HasPrefix(row.Error, "by HTTP/2, which not every server speaks: ") {
				t.Errorf("row: %+v", row)
			}
		})
	}
	if _, err := New(Config{Endpoint: stage.Endpoint{URL: "http://host"}, HTTP: "3"}); err == nil || err.Error() != `http "3": want 1.1 or 2` {
		t.Error(err)
	}
}
