package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/stages/simulator/openai"
	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

// Version is what /version answers: the vLLM whose behaviour is simulated.
const Version = "0.11.0+simulated"

// routes binds the paths. Those that need the model answer 503 until it is loaded.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, route := range []struct {
		method, path string
		always       bool // served before the model is loaded
		handle       http.HandlerFunc
	}{
		{"POST", "/v1/chat/completions", false, s.complete(true)},
		{"POST", "/v1/completions", false, s.complete(false)},
		{"GET", "/v1/models", false, s.models},
		{"POST", "/tokenize", false, s.tokenize},
		{"POST", "/detokenize", false, s.detokenize},
		{"GET", "/health", false, func(http.ResponseWriter, *http.Request) {}},
		{"GET", "/version", true, func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, map[string]string{"version": Version})
		}},
		{"GET", "/metrics", true, s.metrics},
		{"GET", "/simulator/info", true, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Info()) }},
		{"GET", "/simulator/requests", true, func(w http.ResponseWriter, _ *http.Request) { writeLines(w, s.Requests()) }},
		{"GET", "/simulator/lag", true, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.lag.lag()) }},
		{"GET", "/simulator/power", true, s.servePower},
		{"GET", "/simulator/power.csv", true, s.servePowerLog},
		{"GET", smi.Path, true, s.serveSMI},
		{"POST", "/simulator/faults", true, s.arm},
	} {
		handle := route.handle
		if !route.always {
			handle = s.whenReady(handle)
		}
		mux.HandleFunc(route.method+" "+route.path, handle)
		mux.HandleFunc(route.path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", route.method)
			openai.NewError(http.StatusMethodNotAllowed, "", "Method Not Allowed").WriteTo(w)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		openai.NewError(http.StatusNotFound, "", "Not Found").WriteTo(w)
	})
	return s.guard(mux)
}

// guard stops the server where a handler has a bug: net/http would only log it.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := crew.Catch(func() error {
			next.ServeHTTP(w, r)
			return nil
		})
		if p := crew.PanicIn(err); p != nil {
			if p.Value != http.ErrAbortHandler {
				s.stop(fmt.Errorf("simulator: %s %s: %w", r.Method, r.URL.Path, p))
			}
			panic(http.ErrAbortHandler)
		}
	})
}

func (s *Server) whenReady(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isReady() {
			openai.NewError(http.StatusServiceUnavailable, "", "The model is still loading.").WriteTo(w)
			return
		}
		handle(w, r)
	}
}

func (s *Server) isReady() bool { return s.doomed() == nil && s.driver.clock.elapsed() >= s.ready }

// writeJSON answers with one value; a client that left learns nothing.
func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// writeLines answers with one value per line.
func writeLines[T any](w http.ResponseWriter, values []T) {
	w.Header().Set("Content-Type", "application/jsonl")
	enc := json.NewEncoder(w)
	for _, v := range values {
		if enc.Encode(v) != nil {
			return
		}
	}
}

func (s *Server) models(w http.ResponseWriter, _ *http.Request) {
	type model struct {
		ID          string  `json:"id"`
		Object      string  `json:"object"`
		Created     int64   `json:"created"`
		OwnedBy     string  `json:"owned_by"`
		Root        string  `json:"root"`
		Parent      *string `json:"parent"`
		MaxModelLen int     `json:"max_model_len"`
	}
	data := make([]model, 0, len(s.cfg.Served))
	for _, name := range s.cfg.Served {
		data = append(data, model{
			ID: name, Object: "model", Created: s.driver.clock.epoch.Unix(), OwnedBy: "vllm", Root: s.cfg.Model, MaxModelLen: s.modelLen,
		})
	}
	writeJSON(w, map[string]any{"object": "list", "data": data})
}

func (s *Server) tokenize(w http.ResponseWriter, r *http.Request) {
	tokens, ok := decode(w, r, openai.DecodeTokenize)
	if !ok {
		return
	}
	if tokens == nil {
		tokens = []int64{}
	}
	writeJSON(w, map[string]any{"count": len(tokens), "max_model_len": s.modelLen, "tokens": tokens, "token_strs": nil})
}

func (s *Server) detokenize(w http.ResponseWriter, r *http.Request) {
	text, ok := decode(w, r, openai.DecodeDetokenize)
	if !ok {
		return
	}
	writeJSON(w, map[string]string{"prompt": text})
}

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(s.driver.printMetrics()) // a client that left learns nothing
}

// arm takes a fault.
func (s *Server) arm(w http.ResponseWriter, r *http.Request) {
	_, ok := decode(w, r, func(data []byte) (f Fault, _ *openai.Error) {
		err := json.Unmarshal(data, &f)
		if err == nil {
			err = s.Arm(f)
		}
		if err != nil {
			return f, openai.NewError(http.StatusBadRequest, "", err.Error())
		}
		return f, nil
	})
	if ok {
		w.WriteHeader(http.StatusNoContent)
	}
}
