package endpoint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy/endpoint"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

func TestMetricsElsewhere(t *testing.T) {
	server := simtest.Start(t, simulator.Config{Model: repo, GPUs: 2})
	live, err := acquire(t, fmt.Sprintf("url = \"%s\"\nmetrics_urls = [\"http://10.0.0.{gpus}:8000/metrics\", \"http://10.0.1.1/m\"]", server.URL), qwen, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"http://10.0.0.2:8000/metrics", "http://10.0.1.1/m"}, live.Endpoint().MetricsURLs); diff != "" {
		t.Error(diff)
	}
}

func TestMetricsURLsThatAreNone(t *testing.T) {
	for list, want := range map[string]string{
		`["10.0.0.1:8000/metrics"]`:                     `"10.0.0.1:8000/metrics" is no address of a server; write it as "http://host:8000"`,
		`["http://a/metrics", "http://{host}/metrics"]`: `"http://{host}/metrics": only {gpus} can stand in a URL`,
		`["http://user:secret@host/metrics"]`:           "the URL holds a name or a password",
	} {
		_, err := blocktest.Parse(endpoint.New().Body(), "url = \"http://h\"\nmetrics_urls = "+list)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", list, err, want)
		}
	}
}
