package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Recipe is what a result was made from: lines "name = value", sorted by name. Equal recipes give equal keys.
type Recipe []string

// Key returns the sha256 of the recipe in hexadecimal: the name of its result.
func (r Recipe) Key() string {
	hash := sha256.New()
	for i, line := range r {
		if i > 0 {
			_, _ = io.WriteString(hash, "\n") // a hash takes everything
		}
		_, _ = io.WriteString(hash, line)
	}
	return hex.EncodeToString(hash.Sum(nil))
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
	var value any
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return fmt.Errorf("recipe of %s: %w", name, err)
	}
	if object, ok := value.(map[string]any); ok {
		delete(object, "unkeyed")
	}
	b.addValue(name, value)
	return nil
}

func (b *Builder) addValue(name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			b.addValue(name+"."+key, item)
		}
	case []any:
		if slices.ContainsFunc(v, isNested) {
			for i, item := range v {
				b.Add(fmt.Sprintf("%s[%d]", name, i), item)
			}
			return
		}
		b.Add(name, v)
	default:
		b.Add(name, v)
	}
}

func isNested(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
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
	var was, now map[string]any
	if json.Unmarshal([]byte(before), &was) == nil && json.Unmarshal([]byte(value), &now) == nil {
		var a, b Builder
		a.addValue(name, was)
		b.addValue(name, now)
		if inside := Difference(a.Recipe(), b.Recipe()); inside != "" {
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
