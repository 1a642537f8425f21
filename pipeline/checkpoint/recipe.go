package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Recipe is what a result was made from: lines "name = value", sorted by name. Equal recipes give equal keys.
type Recipe []string

// Key returns the sha256 of the recipe in hexadecimal: the name of its result.
func (r Recipe) Key() string {
	size := 0
	for _, line := range r {
		size += len(line) + 1
	}
	text := make([]byte, 0, size)
	for i, line := range r {
		if i > 0 {
			text = append(text, '\n')
		}
		text = append(text, line...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Builder gathers a recipe.
type Builder struct{ lines []string }

// Add puts one line into the recipe.
func (b *Builder) Add(name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("recipe line %s: %v", name, err)) // every value that a plan holds is plain data
	}
	b.lines = append(b.lines, name+" = "+string(text))
}

// AddJSON puts one line for each leaf of a JSON document, under its path: config.workload.isl = 1024. A list of plain values is one line; of a list
// of others each element is one, since there may be thousands.
// A field that is absent gives no line, so a new field with omitempty leaves older keys as they were. What stands in the document under
// "unkeyed" gives none: it does not bear on results.
func (b *Builder) AddJSON(name string, document []byte) error {
	if len(document) == 0 {
		return nil
	}
	whole := members(document, func(member string, value []byte) bool {
		return member == "unkeyed" || b.addValue(name+"."+member, value)
	})
	if !whole {
		return fmt.Errorf("recipe of %s: %.60q is no JSON object", name, document)
	}
	return nil
}

// addValue puts the lines of a value into the recipe and reports whether it is one.
func (b *Builder) addValue(name string, value []byte) bool {
	if value[0] == '{' {
		return members(value, func(member string, value []byte) bool { return b.addValue(name+"."+member, value) })
	}
	if !hasNested(value) {
		return b.addText(name, value)
	}
	i := 0
	return elements(value, func(element []byte) bool {
		i++
		return b.addText(fmt.Sprintf("%s[%d]", name, i-1), element)
	})
}

// addText puts one line into the recipe.
func (b *Builder) addText(name string, value []byte) bool {
	line := make([]byte, 0, len(name)+len(value)+3)
	line, ok := canonical(append(append(line, name...), " = "...), value)
	b.lines = append(b.lines, string(line))
	return ok
}

// hasNested reports whether a value is a list with an element that is one itself, or an object.
func hasNested(value []byte) bool {
	if value[0] != '[' {
		return false
	}
	nested := false
	elements(value, func(element []byte) bool {
		nested = nested || element[0] == '{' || element[0] == '['
		return true
	})
	return nested
}

// Append puts lines of another recipe into this one.
func (b *Builder) Append(lines Recipe) { b.lines = append(b.lines, lines...) }

// Recipe returns the lines, sorted.
func (b *Builder) Recipe() Recipe {
	slices.Sort(b.lines)
	return b.lines
}

// Difference says in a few words where a new recipe first departs from an old one: "workload.requests: 50 → 200".
// It is empty if they are equal.
func Difference(was, now Recipe) string {
	old := map[string]string{}
	for _, line := range was {
		name, value, _ := strings.Cut(line, " = ")
		old[name] = value
	}
	for _, line := range now {
		name, value, _ := strings.Cut(line, " = ")
		before, known := old[name]
		delete(old, name)
		switch {
		case !known:
			return fmt.Sprintf("%s: new, %s", short(name), clip(value))
		case before != value:
			return changed(short(name), before, value)
		}
	}
	if len(old) > 0 {
		names := make([]string, 0, len(old))
		for name := range old {
			names = append(names, name)
		}
		slices.Sort(names)
		return fmt.Sprintf("%s: removed, was %s", short(names[0]), clip(old[names[0]]))
	}
	return ""
}

// changed says how a value changed: of two objects, where they first differ.
func changed(name, before, value string) string {
	if strings.HasPrefix(before, "{") && strings.HasPrefix(value, "{") {
		var was, now Builder
		was.addValue(name, []byte(before))
		now.addValue(name, []byte(value))
		if inside := Difference(was.Recipe(), now.Recipe()); inside != "" {
			return inside
		}
	}
	return fmt.Sprintf("%s: %s → %s", name, clip(before), clip(value))
}

// short drops the words that every line of a measure begins with.
func short(name string) string {
	_, rest, ok := strings.Cut(name, ".config.")
	if ok {
		return rest
	}
	return name
}

func clip(value string) string {
	const most = 60
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return value
}
