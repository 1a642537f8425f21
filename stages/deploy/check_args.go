package deploy

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/zclconf/go-cty/cty"
)

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	// keyLike is how the keys of common services begin: each is a name, too, as far as its letters go.
	keyLike    = regexp.MustCompile(`^(sk|hf|gsk|pk|nvapi|api|key)_[A-Za-z0-9_]{16,}$`)
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // a token of RFC 9110
	lineBreak  = regexp.MustCompile(`[\r\n\x00]`)
)

// CheckVariable sees the name of an environment variable. What is no name may be the secret itself, and is not repeated.
func CheckVariable(v cty.Value) error {
	if name := v.AsString(); !variableName.MatchString(name) || keyLike.MatchString(name) {
		return errors.New("this is no name of an environment variable. If it is the key itself, take it out of the suite, which everybody may read: put it into a variable and name that, as in \"OPENAI_API_KEY\"")
	}
	return nil
}

// CheckVariables is CheckVariable for the values of a map of headers, whose names it sees as CheckHeaders does.
func CheckVariables(v cty.Value) error {
	errs := []error{checkHeaderNames(v)}
	for it := v.ElementIterator(); it.Next(); {
		if name, variable := it.Element(); !variable.IsNull() {
			if err := CheckVariable(variable); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name.AsString(), err))
			}
		}
	}
	return errors.Join(errs...)
}

// CheckHeaders sees the headers of requests by their names.
func CheckHeaders(v cty.Value) error {
	errs := []error{checkHeaderNames(v)}
	for it := v.ElementIterator(); it.Next(); {
		if name, value := it.Element(); !value.IsNull() && lineBreak.MatchString(value.AsString()) {
			errs = append(errs, fmt.Errorf("%s: the value has a line break; headers have none", name.AsString()))
		}
	}
	return errors.Join(errs...)
}

func checkHeaderNames(v cty.Value) error {
	var errs []error
	for it := v.ElementIterator(); it.Next(); {
		if name, _ := it.Element(); !headerName.MatchString(name.AsString()) {
			errs = append(errs, fmt.Errorf("%q is no name of a header: it has letters, digits and dashes, as in \"X-Tenant\"", name.AsString()))
		}
	}
	return errors.Join(errs...)
}

// CheckGPUIDs sees the GPUs that a server may use.
func CheckGPUIDs(v cty.Value) error {
	seen := map[string]bool{}
	for it := v.ElementIterator(); it.Next(); {
		_, element := it.Element()
		if element.IsNull() {
			continue
		}
		id := element.AsString()
		if seen[id] {
			return fmt.Errorf("GPU %s stands in it twice: name each once", id)
		}
		seen[id] = true
	}
	return nil
}
