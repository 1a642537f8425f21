// Package extra is what a suite may add to the requests of a workload: members of their body, and headers.
//
// Its invariant: nothing that a measurement rests on, or that an argument of its own sets, can be set by it.
package extra

import (
	"errors"
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// reserved says of the members that may not be given who sets them.
func reserved(member string) string {
	switch member {
	case "model":
		return "the deployment's model is asked for"
	case "messages", "prompt":
		return "prompts are made to have isl tokens"
	case "stream", "stream_options":
		return "answers are measured as they stream, and tell how many tokens they have"
	case "n":
		return "a request has one answer"
	case "max_tokens", "max_completion_tokens":
		return "osl sets it"
	}
	return ""
}

// ours are the members that an argument sets, and that a server may have to be spared: null leaves them out.
func ours(member string) string {
	switch member {
	case "temperature", "ignore_eos":
		return "the argument " + member + " sets it"
	case "min_tokens":
		return "the argument ignore_eos sets it to osl"
	}
	return ""
}

// Member says why a request's body may not be given a member, nil if it may. A null takes out what would be sent otherwise.
func Member(name string, null bool) error {
	if who := reserved(name); who != "" {
		return fmt.Errorf("%q cannot be set here: %s", name, who)
	}
	if who := ours(name); who != "" && !null {
		return fmt.Errorf("%q cannot be set here: %s; null leaves it out of the request", name, who)
	}
	return nil
}

// Body holds a known, plain value against what requests may be given: an object whose members are no one else's to set.
func Body(v cty.Value) error {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return fmt.Errorf("%s is no object; write members of the request's body, such as { top_k = 20 }", block.Noun(v.Type()))
	}
	var wrong []error
	for name, member := range members(v) {
		wrong = append(wrong, Member(name, member.IsNull()))
	}
	return joined(wrong)
}

// BodySchema is what Body takes, in JSON.
func BodySchema() map[string]any { return map[string]any{"type": "object"} }

// Headers holds a known, plain map of strings against what requests may carry.
func Headers(v cty.Value) error {
	var wrong []error
	seen := map[string]string{}
	for name, value := range members(v) {
		if value.IsNull() {
			continue
		}
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		switch before, twice := seen[canonical]; {
		case !token(name):
			wrong = append(wrong, fmt.Errorf("%q is no name of a header: it has letters, digits and dashes", name))
		case slices.Contains(own(), canonical):
			wrong = append(wrong, fmt.Errorf("%s cannot be set here: the request itself decides it", name))
		case twice:
			wrong = append(wrong, fmt.Errorf("%s and %s are one header", before, name))
		case strings.ContainsFunc(value.AsString(), func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			wrong = append(wrong, fmt.Errorf("the value of %s has a line break or another control character", name))
		}
		seen[canonical] = name
	}
	return joined(wrong)
}

// own are the headers that follow from a request's body and connection.
func own() []string {
	return []string{
		"Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Expect", "Host", "Keep-Alive",
		"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Request-Id",
	}
}

// token reports whether a name is one that HTTP allows.
func token(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		alphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// members goes over the elements of an object or a map, by name.
func members(v cty.Value) func(yield func(string, cty.Value) bool) {
	all := v.AsValueMap()
	return func(yield func(string, cty.Value) bool) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if !yield(name, all[name]) {
				return
			}
		}
	}
}

// joined says all that is wrong in one line.
func joined(wrong []error) error {
	var texts []string
	for _, err := range wrong {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(texts, ". "))
}
