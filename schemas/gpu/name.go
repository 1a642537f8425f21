package gpu

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Matches reports whether a device of this name, as its driver gives it, can be of a suite's GPU type. The words of the type that name the model
// must be words of the device's name: an L40S is no L4 and a GH200 no H200. Memory sizes and form factors must not contradict each
// other where both names give one. A type without a model in it ("cpu") matches anything.
func Matches(suiteType, deviceName string) bool {
	wanted, device := parse(suiteType), parse(deviceName)
	return len(wanted.models) == 0 || wanted.sameModel(device) && !wanted.contradicts(device)
}

// name is what a GPU's name says.
type name struct {
	models     []string // words with a digit that are nothing else: "h100", "6000"
	variants   []string // words that make another model of it: "pro", "super"; sorted
	formFactor string   // "sxm", "pcie", "nvl", "oam" or empty
	memoryGB   float64  // 0: not said
}

var (
	word       = regexp.MustCompile(`[a-z0-9]+`)
	memorySize = regexp.MustCompile(`\b(\d+) ?gi?b?\b`)
	// The number behind is a generation of the socket, which a model has only one of.
	formFactor = regexp.MustCompile(`^(sxm|pcie|nvl|oam)\d*$`)
	memoryKind = regexp.MustCompile(`^(hbm|gddr)\d+[ex]?$`)
)

func parse(text string) name {
	text = strings.NewReplacer("-", " ", "_", " ").Replace(strings.ToLower(text))
	var n name
	for _, size := range memorySize.FindAllStringSubmatch(text, -1) {
		gb, _ := strconv.ParseFloat(size[1], 64)
		n.memoryGB = max(n.memoryGB, gb) // a slice of a GPU names its own memory, too
	}
	for _, w := range word.FindAllString(memorySize.ReplaceAllString(text, " "), -1) {
		switch form := formFactor.FindStringSubmatch(w); {
		case form != nil:
			n.formFactor = form[1]
		case memoryKind.MatchString(w):
			// NVIDIA's driver names the form factor of every H100 but the SXM, of which it names the memory.
			if w == "hbm3" && n.formFactor == "" && slices.Contains(n.models, "h100") {
				n.formFactor = "sxm"
			}
		case slices.Contains([]string{"pro", "ti", "super", "ada", "laptop"}, w):
			n.variants = append(n.variants, w)
		case strings.ContainsAny(w, "0123456789"):
			n.models = append(n.models, w)
		}
	}
	slices.Sort(n.variants)
	return n
}

// sameModel reports whether every word of n that names a model is in other, with the same variant.
func (n name) sameModel(other name) bool {
	for _, model := range n.models {
		if !slices.Contains(other.models, model) {
			return false
		}
	}
	return slices.Equal(n.variants, other.variants)
}

// memoryTolerance is how far two sizes of the same memory may lie apart: a B200 is sold with 180 and with 192 GB.
const memoryTolerance = 0.1

func (n name) contradicts(other name) bool {
	if n.formFactor != "" && other.formFactor != "" && n.formFactor != other.formFactor {
		return true
	}
	larger, smaller := max(n.memoryGB, other.memoryGB), min(n.memoryGB, other.memoryGB)
	return smaller > 0 && larger-smaller > memoryTolerance*larger
}
