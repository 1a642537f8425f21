package durable

// Crash is called at each boundary between two writes with the boundary's name, for tests that end the process there. Nil outside of them.
// What owns files has one and lists its boundaries, so that none can be forgotten by who enumerates them.
type Crash func(boundary string)

// At passes a boundary.
func (c Crash) At(boundary string) {
	if c != nil {
		c(boundary)
	}
}
