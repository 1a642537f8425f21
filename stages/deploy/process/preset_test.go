package process

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPreset(t *testing.T) {
	s := server{model: "Qwen/Qwen3-8B-FP8", revision: "abc", alias: "ix-1", host: "127.0.0.1", port: 8000, gpus: 2, gpuType: "H100"}
	file := s
	file.model, file.gpus = "/models/qwen3.gguf", 0
	tests := map[string]struct {
		engine, program string
		server          server
		want            string
	}{
		"vllm": {
			vllm, "", s,
			"vllm serve Qwen/Qwen3-8B-FP8 --served-model-name Qwen/Qwen3-8B-FP8 ix-1 --tensor-parallel-size 2 --no-enable-prefix-caching --seed 0 " +
				"--revision abc --host 127.0.0.1 --port 8000",
		},
		"vllm of a virtual environment": {
			vllm, "/opt/venv/bin/vllm",
			server{model: "m", alias: "ix-1", host: "::1", port: 1},
			"/opt/venv/bin/vllm serve m --served-model-name m ix-1 --tensor-parallel-size 1 --no-enable-prefix-caching --seed 0 --host ::1 --port 1",
		},
		"sglang": {
			sglang, "", s,
			"python3 -m sglang.launch_server --model-path Qwen/Qwen3-8B-FP8 --served-model-name ix-1 --tp-size 2 --disable-radix-cache " +
				"--enable-metrics --random-seed 0 --revision abc --host 127.0.0.1 --port 8000",
		},
		"llama.cpp with a repository": {
			llamacpp, "", s,
			"llama-server --hf-repo Qwen/Qwen3-8B-FP8 --alias ix-1 --metrics --seed 0 --n-gpu-layers 999 --host 127.0.0.1 --port 8000",
		},
		"llama.cpp with a file": {
			llamacpp, "", file,
			"llama-server --model /models/qwen3.gguf --alias ix-1 --metrics --seed 0 --host 127.0.0.1 --port 8000",
		},
		"simulator": {
			simulator, "inferencex", s,
			"inferencex simulate --model Qwen/Qwen3-8B-FP8 --served-model-name Qwen/Qwen3-8B-FP8 --served-model-name ix-1 --gpu H100 --gpus 2 " +
				"--host 127.0.0.1 --port 8000",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strings.Join(preset(test.engine, test.program, test.server), " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFill(t *testing.T) {
	s := server{model: "m", revision: "r", alias: "ix-1", host: "h", port: 8000, gpus: 4}
	got, err := fill([]string{"serve", "{model}@{revision}", "--name={alias}", "{host}:{port}", "-n{gpus}", `{"a":1}`}, s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"serve", "m@r", "--name=ix-1", "h:8000", "-n4", `{"a":1}`}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
