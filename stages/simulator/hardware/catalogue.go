// Package hardware says how long one step of a serving engine takes on given GPUs and how much power they draw meanwhile, from first principles
// and constants fitted to published measurements.
//
// Invariant: a Machine is a value without state, so the same Batch always costs the same Step; all randomness and all time live with the
// callers. Every constant stands in a file of data, one for each model, GPU and profile, next to its source.
package hardware

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/strangeloopio/inferencex/schemas/gpu"
)

//go:embed data
var files embed.FS

type catalogue struct {
	models   []Model
	gpus     []GPU
	profiles []Profile
}

// load reads the embedded files once; one that cannot be read is a bug of the build.
var load = sync.OnceValue(func() catalogue {
	return catalogue{models: read[Model]("models"), gpus: read[GPU]("gpus"), profiles: read[Profile]("profiles")}
})

// read decodes the files of a folder, in the order of their names.
func read[T any](folder string) []T {
	folder = path.Join("data", folder)
	entries, err := files.ReadDir(folder)
	if err != nil {
		panic(fmt.Sprintf("hardware: %v", err))
	}
	out := make([]T, len(entries))
	for i, e := range entries {
		text, err := files.ReadFile(path.Join(folder, e.Name()))
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(&out[i])
		}
		if err != nil {
			panic(fmt.Sprintf("hardware: %s/%s: %v", folder, e.Name(), err))
		}
	}
	return out
}

// LookupModel finds a model by its name or by a hub id such as "meta-llama/Llama-3.1-8B-Instruct"; case, the owner and "-Instruct" do not
// matter, since they change no size. The error lists the known models.
func LookupModel(id string) (Model, error) {
	want := modelKey(id)
	for _, m := range load().models {
		if modelKey(m.Name) == want {
			return m, nil
		}
	}
	return Model{}, fmt.Errorf("unknown model %q: the simulator knows %s; describe another, dense one by its architecture", id, strings.Join(ModelNames(), ", "))
}

func modelKey(id string) string {
	id = strings.ToLower(id[strings.LastIndex(id, "/")+1:])
	return strings.Replace(strings.TrimPrefix(id, "meta-"), "-instruct", "", 1)
}

// LookupGPU finds a GPU by any name that means it: a suite's GPU type ("H100", "a100-80gb") or the name that the driver gives it. The error
// lists the known GPUs.
func LookupGPU(name string) (GPU, error) {
	if known, ok := gpu.Find(name); ok {
		for _, g := range load().gpus {
			if g.Name == known.Name {
				return g, nil
			}
		}
	}
	return GPU{}, fmt.Errorf("unknown GPU %q: the simulator knows %s; describe another by its board", name, strings.Join(GPUNames(), ", "))
}

// LookupProfile finds a profile by name. The error lists the known profiles.
func LookupProfile(name string) (Profile, error) {
	for _, p := range load().profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q: the simulator knows %s", name, strings.Join(ProfileNames(), ", "))
}

// ModelNames lists the catalogue's models, sorted.
func ModelNames() []string {
	return names(load().models, func(m Model) string { return m.Name })
}

// GPUNames lists the catalogue's GPUs, sorted.
func GPUNames() []string { return names(load().gpus, func(g GPU) string { return g.Name }) }

// ProfileNames lists the profiles, sorted.
func ProfileNames() []string {
	return names(load().profiles, func(p Profile) string { return p.Name })
}

func names[T any](list []T, name func(T) string) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, name(v))
	}
	slices.Sort(out)
	return out
}
