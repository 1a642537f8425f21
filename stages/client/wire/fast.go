package wire

// decodeFast reads the common chunk — choices with a short delta, no error — without allocating, and reports whether it did.
// It takes only what it understands in full: strict JSON, each known name once and without escapes, text that is a string or null.
// Where it returns false, decodeJSON decides, and c is not to be used.
func decodeFast(data []byte, c *Chunk) bool {
	w := walker{b: data}
	return w.decode(c)
}

func (w *walker) decode(c *Chunk) bool {
	var seen names
	for more := w.open('{', '}'); more; more = w.more('}') {
		switch name := w.name(); string(name) {
		case "choices":
			w.once(&seen, 0)
			w.choices(c)
		case "usage":
			w.once(&seen, 1)
			w.usage(c)
		case "error":
			w.null()
		case "object":
			if kind, plain := w.str(); !plain || string(kind) == "error" {
				return false
			}
		default:
			w.skip(0)
		}
	}
	w.space()
	return !w.bad && w.i == len(w.b)
}

func (w *walker) choices(c *Chunk) {
	for more := w.open('[', ']'); more; more = w.more(']') {
		var seen names
		for more := w.open('{', '}'); more; more = w.more('}') {
			switch name := w.name(); string(name) {
			case "delta":
				w.once(&seen, 0)
				w.delta(c)
			case "text":
				w.once(&seen, 1)
				c.Content += w.text(content)
			case "finish_reason":
				w.once(&seen, 2)
				w.finish(c)
			case "message":
				w.null()
			default:
				w.skip(0)
			}
		}
	}
}

func (w *walker) delta(c *Chunk) {
	var seen names
	thought, other := 0, 0
	for more := w.open('{', '}'); more; more = w.more('}') {
		switch name := w.name(); string(name) {
		case "content":
			w.once(&seen, 0)
			c.Content += w.text(content)
		case "reasoning_content":
			w.once(&seen, 1)
			thought = w.text(reasoning)
		case "reasoning":
			w.once(&seen, 2)
			other = w.text(reasoning)
		case "refusal", "tool_calls", "function_call":
			w.null()
		case "role":
			w.skip(0)
		default:
			w.textless(string(name))
		}
	}
	c.Reasoning += max(thought, other)
}

// textless passes over a member of a delta in which no text can stand. A text under another name is read by
// decodeJSON.
func (w *walker) textless(name string) {
	if isKnown(name) && !isReasoning(name) {
		w.skip(0)
		return
	}
	switch w.peek() {
	case '"', '[', '{':
		w.bad = true
	default:
		w.skip(0)
	}
}

// usage reads a server's count, which some send with each chunk.
func (w *walker) usage(c *Chunk) {
	if w.peek() != '{' {
		w.null()
		return
	}
	c.HasUsage = true
	var seen names
	for more := w.open('{', '}'); more; more = w.more('}') {
		switch name := w.name(); string(name) {
		case "prompt_tokens":
			w.once(&seen, 0)
			c.Usage.PromptTokens = w.count()
		case "completion_tokens":
			w.once(&seen, 1)
			c.Usage.CompletionTokens = w.count()
		case "prompt_tokens_details":
			w.once(&seen, 2)
			w.details(c)
		case "completion_tokens_details", "reasoning_tokens":
			w.null()
		default:
			w.skip(0)
		}
	}
}

func (w *walker) details(c *Chunk) {
	if w.peek() != '{' {
		w.null()
		return
	}
	var seen names
	for more := w.open('{', '}'); more; more = w.more('}') {
		if name := w.name(); string(name) == "cached_tokens" {
			w.once(&seen, 0)
			c.Usage.CachedTokens, c.Usage.HasCached = w.count(), true
		} else {
			w.skip(0)
		}
	}
}

func (w *walker) finish(c *Chunk) {
	if w.peek() != '"' {
		w.null()
		return
	}
	reason, plain := w.str()
	if !plain {
		w.bad = true
		return
	}
	switch string(reason) {
	case "":
	case "stop": // the constants save an allocation for each stream
		c.Finish = "stop"
	case "length":
		c.Finish = "length"
	default:
		c.Finish = string(reason)
	}
}

// names is the set of known names that an object had so far: a second one would need encoding/json's rule for it.
type names uint8

func (w *walker) once(seen *names, bit int) {
	if *seen>>bit&1 == 1 {
		w.bad = true
	}
	*seen |= 1 << bit
}
