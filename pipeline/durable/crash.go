package durable

import (
	"encoding/json"
	"io"
)

// Crash is called at each boundary between two writes with the boundary's name, for tests that end the process there. Nil outside of them.
// What owns files has one and lists its boundaries, so that none can be forgotten by who enumerates them.
type Crash func(boundary string)

// At passes a boundary.
func (c Crash) At(boundary string) {
	if c != nil {
		c(boundary)
	}
}

// WriteFile is the function of that name, passing a boundary when the content is whole on disk and not yet under its name.
func (c Crash) WriteFile(staged, path string, data []byte) error {
	return c.write(staged, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteJSON is the function of that name, passing a boundary likewise.
func (c Crash) WriteJSON(staged, path string, v any) error {
	return c.write(staged, path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	})
}
