package process

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// The engines that need no command of the user's own.
const (
	vllm      = "vllm"
	sglang    = "sglang"
	llamacpp  = "llama.cpp"
	simulator = "simulator"
)

// server is what the templates of a command stand for.
type server struct {
	model, revision, alias string
	host                   string
	port                   int
	gpus                   int
	gpuType                string
}

// kinds lists the engines that preset knows.
func kinds() []string { return []string{vllm, sglang, llamacpp, simulator} }

// preset is the command of a kind of engine; nil if it is none of kinds. Prefix caches are off: a benchmark that repeats a prompt would measure the cache. The suite's
// engine args come behind and win.
func preset(engine, program string, s server) []string {
	listen := []string{"--host", s.host, "--port", strconv.Itoa(s.port)}
	parallel := strconv.Itoa(max(s.gpus, 1))
	var argv []string
	switch engine {
	case vllm:
		argv = []string{cmp.Or(program, "vllm"), "serve", s.model, "--served-model-name", s.model, s.alias}
		argv = append(argv, "--tensor-parallel-size", parallel, "--no-enable-prefix-caching", "--seed", "0")
	case sglang:
		argv = []string{cmp.Or(program, "python3"), "-m", "sglang.launch_server", "--model-path", s.model, "--served-model-name", s.alias}
		argv = append(argv, "--tp-size", parallel, "--disable-radix-cache", "--enable-metrics", "--random-seed", "0")
	case llamacpp:
		where := "--hf-repo"
		if strings.HasSuffix(s.model, ".gguf") {
			where = "--model"
		}
		argv = []string{cmp.Or(program, "llama-server"), where, s.model, "--alias", s.alias, "--metrics", "--seed", "0"}
		if s.gpus > 0 {
			argv = append(argv, "--n-gpu-layers", "999")
		}
		return append(argv, listen...) // a file has no revision
	case simulator:
		argv = []string{program, "simulate", "--model", s.model, "--served-model-name", s.model, "--served-model-name", s.alias}
		if s.gpuType != "" {
			argv = append(argv, "--gpu", s.gpuType)
		}
		return append(append(argv, "--gpus", parallel), listen...)
	default:
		return nil
	}
	if s.revision != "" {
		argv = append(argv, "--revision", s.revision)
	}
	return append(argv, listen...)
}

// placeholder is what may stand for something in a command.
var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// passes reports whether a command has a template in it.
func passes(command []string, template string) bool {
	return strings.Contains(strings.Join(command, " "), template)
}

// fill puts values into a command's templates.
func fill(command []string, s server) ([]string, error) {
	values := map[string]string{
		"{model}": s.model, "{revision}": s.revision, "{alias}": s.alias,
		"{host}": s.host, "{port}": strconv.Itoa(s.port), "{gpus}": strconv.Itoa(s.gpus),
	}
	var argv []string
	for _, word := range command {
		for _, p := range placeholder.FindAllString(word, -1) {
			if _, known := values[p]; !known {
				return nil, stage.Fail(stage.Permanent, "bad_config", fmt.Errorf(
					"%s stands for nothing; there are {model} {revision} {alias} {host} {port} {gpus}", p))
			}
		}
		argv = append(argv, placeholder.ReplaceAllStringFunc(word, func(p string) string { return values[p] }))
	}
	return argv, nil
}
