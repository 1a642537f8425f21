package deploy

import (
	"context"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/gpu"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// gpuLine is a line of nvidia-smi -L; lines of MIG slices are indented and do not match.
var gpuLine = regexp.MustCompile(`(?m)^GPU (\d+): (.+) \(UUID: ([^)]+)\)`)

// parseGPUs reads the output of nvidia-smi -L.
func parseGPUs(text string) []stage.DeviceGPU {
	var gpus []stage.DeviceGPU
	for _, m := range gpuLine.FindAllStringSubmatch(text, -1) {
		index, _ := strconv.Atoi(m[1])
		gpus = append(gpus, stage.DeviceGPU{Index: index, UUID: m[3], Name: m[2]})
	}
	return gpus
}

// nvidiaSMI is the program that knows this machine's GPUs.
const nvidiaSMI = "nvidia-smi"

// HasNvidiaSMI reports whether this machine can be asked for its GPUs.
func HasNvidiaSMI() bool {
	_, err := exec.LookPath(nvidiaSMI)
	return err == nil
}

// LocalGPUs are the GPUs of this machine with these indexes or UUIDs, in that order; all if there are no ids. Nil if it cannot be asked.
func LocalGPUs(ctx context.Context, ids []string) ([]stage.DeviceGPU, error) {
	if !HasNvidiaSMI() {
		return nil, nil
	}
	out, err := exec.CommandContext(ctx, nvidiaSMI, "-L").CombinedOutput()
	if err != nil {
		return nil, stage.Failf(stage.Permanent, "driver", "nvidia-smi -L: %w: %s", err, strings.TrimSpace(string(out)))
	}
	all := parseGPUs(string(out))
	if len(ids) == 0 {
		return all, nil
	}
	var picked []stage.DeviceGPU
	for _, id := range ids {
		at := slices.IndexFunc(all, func(g stage.DeviceGPU) bool {
			return strconv.Itoa(g.Index) == id || (len(id) > len("GPU-") && strings.HasPrefix(g.UUID, id))
		})
		if at < 0 {
			return nil, stage.Failf(stage.Permanent, "identity_mismatch", "this machine has no GPU %s; nvidia-smi -L lists %d", id, len(all))
		}
		picked = append(picked, all[at])
	}
	return picked, nil
}

// compareGPUs fails if the GPUs that a server has are not those that the suite is about. No GPUs mean that nobody could look.
func compareGPUs(d stage.Deployment, seen []stage.DeviceGPU) error {
	if len(seen) == 0 || d.GPUs == 0 {
		return nil
	}
	if len(seen) != d.GPUs {
		return stage.Failf(stage.Permanent, "identity_mismatch", "the server has %s (%s), the suite says %d × %s",
			plural.Of(len(seen), "GPU"), seen[0].Name, d.GPUs, d.GPUType)
	}
	for _, device := range seen {
		if !gpu.Matches(d.GPUType, device.Name) {
			return stage.Failf(stage.Permanent, "identity_mismatch", "GPU %d of the server is %q, the suite says %s",
				device.Index, device.Name, d.GPUType)
		}
	}
	return nil
}
