// Package endpoint measures a server that is already there.
//
// Its invariant: the server is not ours. Nothing here starts, changes or ends it, and nothing of it outlasts a run.
package endpoint

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// gpusTemplate stands for the deployment's number of GPUs in the URL.
const gpusTemplate = "{gpus}"

// Provider hands out servers by their URL. It has no state.
type Provider struct{}

var (
	_ deploy.Provider  = Provider{}
	_ deploy.Borrower  = Provider{}
	_ deploy.GPULister = Provider{}
)

// New returns the provider.
func New() Provider { return Provider{} }

// Type is "endpoint".
func (Provider) Type() string { return "endpoint" }

// Borrowed says that the servers are not this provider's own.
func (Provider) Borrowed() {}

// Body is the arguments of the provider.
func (Provider) Body() block.Body {
	return block.Body{
		Doc: "Measures an OpenAI-compatible server that is already running. It is never stopped.",
		Args: []block.Arg{
			{
				Name: "url", Type: cty.String, Required: true, Check: checkURL,
				Doc: "Address of the server without a path. {gpus} in it stands for the deployment's number of GPUs, so that one block can name several servers.",
			},
			{
				Name: "model", Type: cty.String,
				Doc: "Name under which the server lists the model; the model's repository if left out.",
			},
			{
				Name: "api_key_env", Type: cty.String, Check: deploy.CheckVariable, Provenance: true,
				Doc: "Environment variable with the API key, sent as a bearer token.",
			},
			{
				Name: "headers", Type: cty.Map(cty.String), Check: deploy.CheckHeaders,
				Doc: "HTTP headers to send with every request. They can lead to another server, so they are part of what was measured, and recorded: no secrets.",
			},
			{
				Name: "header_env", Type: cty.Map(cty.String), Check: deploy.CheckVariables, Provenance: true,
				Doc: "HTTP headers whose values are secrets, each with the environment variable that holds its value. They cannot change a result: what routes belongs into headers.",
			},
			{
				Name: "ca_file", Type: cty.String, Provenance: true,
				Doc: "File with the certificate of the authority that vouches for an https server, in PEM form, where this system does not know it.",
			},
			{
				Name: "insecure", Type: cty.Bool, Provenance: true,
				Doc: "Whether an https server is believed to be whoever it says, without a check.",
			},
			{
				Name: "metrics_urls", Type: cty.List(cty.String), Provenance: true, Check: checkMetricsURLs,
				Doc: "Where the engines behind url show their metrics, with the path: one for each of them where url leads to several, or to something else that stands before them. The url's own /metrics if left out. They are asked without the key and the headers.",
			},
			{
				Name: "power", Type: cty.String, OneOf: []string{"none", "nvidia-smi"}, Default: cty.StringVal("none"),
				Doc: "How to read power. nvidia-smi reads this machine's GPUs: only for a server on this machine.",
			},
			{
				Name: "gpu_ids", Type: cty.List(cty.String), Check: deploy.CheckGPUIDs, Provenance: true,
				Doc: "GPUs of this machine that the server has, as indexes or UUIDs, for power by nvidia-smi; all if left out.",
			},
		},
	}
}

// checkURL sees the URL as written.
func checkURL(v cty.Value) error {
	text := strings.ReplaceAll(v.AsString(), gpusTemplate, "1")
	if strings.ContainsAny(text, "{}") {
		return fmt.Errorf("%q: only %s can stand in a URL", v.AsString(), gpusTemplate)
	}
	u, err := url.Parse(text)
	if err == nil && u.User != nil {
		return fmt.Errorf("the URL holds a name or a password, which everything that a run writes would show: set api_key_env or headers instead")
	}
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%q is no address of a server; write it as \"http://host:8000\"", v.AsString())
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return fmt.Errorf("%q has port %s: ports go from 1 to 65535", v.AsString(), u.Port())
	}
	return nil
}

// checkMetricsURLs sees the URLs as written.
func checkMetricsURLs(v cty.Value) error {
	for _, url := range v.AsValueSlice() {
		if !url.IsKnown() || url.IsNull() {
			continue
		}
		if err := checkURL(url); err != nil {
			return err
		}
	}
	return nil
}

// address is the URL for a deployment.
func address(args cty.Value, d stage.Deployment) string {
	return forDeployment(block.String(args, "url"), d)
}

func forDeployment(url string, d stage.Deployment) string {
	return strings.ReplaceAll(url, gpusTemplate, strconv.Itoa(d.GPUs))
}

// Create creates nothing: the id is the URL. It fails if the API key or a header is wanted and not there.
func (Provider) Create(ctx context.Context, _ deploy.Token, spec deploy.Spec) (deploy.ID, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if _, err := deploy.APIKey(block.String(spec.Args, "api_key_env"), spec.Env.Getenv); err != nil {
		return "", err
	}
	if _, err := headers(spec.Args, spec.Env.Getenv); err != nil {
		return "", err
	}
	return deploy.ID(address(spec.Args, spec.Deployment)), nil
}

// headers are those that the suite gives and those that the environment does.
func headers(args cty.Value, getenv func(string) string) (map[string]string, error) {
	all := maps.Clone(block.StringMap(args, "headers"))
	secret := block.StringMap(args, "header_env")
	if all == nil && len(secret) > 0 {
		all = map[string]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(secret)) {
		value := getenv(secret[name])
		if value == "" {
			return nil, stage.Failf(stage.Permanent, "header_missing",
				"environment variable %s is empty: it must hold the value of header %s (header_env)", secret[name], name)
		}
		all[name] = value
	}
	return all, nil
}

// Inspect says where the server is. Whether it is there only the server can tell.
func (Provider) Inspect(_ context.Context, h deploy.Handle) (deploy.Status, error) {
	name := block.String(h.Args, "model")
	if name == "" {
		name = h.Deployment.Model.Repo
	}
	server := &deploy.Server{
		URL:       address(h.Args, h.Deployment),
		Models:    []string{name},
		APIKeyEnv: block.String(h.Args, "api_key_env"),
		Trust:     stage.Trust{CAFile: block.String(h.Args, "ca_file"), Insecure: block.Bool(h.Args, "insecure")},
	}
	for _, url := range block.Strings(h.Args, "metrics_urls") {
		server.MetricsURLs = append(server.MetricsURLs, forDeployment(url, h.Deployment))
	}
	var err error
	if server.Headers, err = headers(h.Args, h.Env.Getenv); err != nil {
		return deploy.Status{}, err
	}
	if block.String(h.Args, "power") == "nvidia-smi" {
		server.Power = stage.PowerSource{Kind: "nvidia-smi", Devices: slices.Clone(block.Strings(h.Args, "gpu_ids"))}
	}
	return deploy.Status{Server: server}, nil
}

// Logs has nothing: a URL gives no access to its server's log.
func (Provider) Logs(context.Context, deploy.Handle, int) ([]string, error) { return nil, nil }

// Destroy leaves the server alone.
func (Provider) Destroy(context.Context, deploy.Handle) error { return nil }

// List is empty: nothing here is ours.
func (Provider) List(context.Context, deploy.Scope, map[string]string) ([]deploy.Resource, error) {
	return nil, nil
}

// GPUs are this machine's, if the suite says that the server uses them.
func (Provider) GPUs(ctx context.Context, h deploy.Handle) ([]stage.DeviceGPU, error) {
	if block.String(h.Args, "power") != "nvidia-smi" {
		return nil, nil
	}
	if !deploy.HasNvidiaSMI() {
		return nil, stage.Failf(stage.Permanent, "driver",
			"power = \"nvidia-smi\" reads this machine's GPUs, but nvidia-smi is not installed here: use power = \"none\" for a server elsewhere")
	}
	return deploy.LocalGPUs(ctx, block.Strings(h.Args, "gpu_ids"))
}
