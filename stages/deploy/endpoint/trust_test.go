package endpoint_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// A server of a private authority is measured where the suite names that authority, and refused at once where it does not.
func TestTrust(t *testing.T) {
	behind, err := url.Parse(simtest.Start(t, simulator.Config{Model: repo, GPUs: 2}).URL)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(behind))
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // of refused handshakes
	front.StartTLS()
	t.Cleanup(front.Close)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	for hcl, want := range map[string]stage.Trust{
		fmt.Sprintf("ca_file = %q", caFile): {CAFile: caFile},
		"insecure = true":                   {Insecure: true},
	} {
		live, err := acquire(t, fmt.Sprintf("url = %q\n%s", front.URL, hcl), qwen, nil)
		if err != nil {
			t.Errorf("%s: %v", hcl, err)
			continue
		}
		if diff := cmp.Diff(want, live.Endpoint().Trust); diff != "" {
			t.Errorf("%s: trust (-want +got):\n%s", hcl, diff)
		}
		if err := live.Alive(t.Context()); err != nil {
			t.Errorf("%s: alive: %v", hcl, err)
		}
	}
	_, err = acquire(t, fmt.Sprintf("url = %q", front.URL), qwen, nil)
	if err == nil || stage.ReasonOf(err) != "untrusted" || stage.ClassOf(err) != stage.Permanent ||
		!strings.HasSuffix(err.Error(), "name the certificate of the server's own authority in ca_file, or set insecure = true to trust anyone") {
		t.Errorf("%s: %v", stage.ReasonOf(err), err)
	}
}
