package dataset

// bytesPerToken is what is assumed of texts that nobody has counted: English has a little more.
const bytesPerToken = 4

// Counts are the lengths of a dataset's texts in tokens, by a tokenizer or, where there is none, by a rule of thumb. Each text is counted once, and when it
// is first asked for: tokenizers take seconds for files of some ten thousand conversations. It is safe for concurrent use.
type Counts struct {
	data     *Dataset
	count    func(text string) int // nil: nobody counts
	isl, osl []int32               // by entry; 0: not counted yet
}

// Counts returns the lengths that whoever is called key counts, which are shared by all who ask for them; nil counts by the rule of thumb.
func (d *Dataset) Counts(key string, count func(text string) int) *Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.counts[key]; ok {
		return known
	}
	if d.counts == nil {
		d.counts = map[string]*Counts{}
	}
	c := &Counts{data: d, count: count, isl: make([]int32, len(d.Entries)), osl: make([]int32, len(d.Entries))}
	d.counts[key] = c
	return c
}

// Exact reports whether a tokenizer counts.
func (c *Counts) Exact() bool { return c.count != nil }

// ISL is the length of an entry's prompt, without what a chat template puts around it.
func (c *Counts) ISL(entry int) int {
	c.data.mu.Lock()
	defer c.data.mu.Unlock()
	if c.isl[entry] == 0 {
		for _, m := range c.data.Entries[entry].Prompt() {
			c.isl[entry] += c.tokens(m.Content)
		}
	}
	return int(c.isl[entry])
}

// OSL is the length of the answer to an entry's prompt; 0 where it has none.
func (c *Counts) OSL(entry int) int {
	c.data.mu.Lock()
	defer c.data.mu.Unlock()
	e := &c.data.Entries[entry]
	switch {
	case e.OutputTokens > 0:
		return e.OutputTokens
	case c.osl[entry] == 0 && e.Answer() != "":
		c.osl[entry] = c.tokens(e.Answer())
	}
	return int(c.osl[entry])
}

// Of is the length of messages, without what a chat template puts around them. It is counted each time.
func (c *Counts) Of(messages []Message) (n int) {
	for _, m := range messages {
		n += int(c.tokens(m.Content))
	}
	return n
}

// tokens is at least 1, of any text.
func (c *Counts) tokens(text string) int32 {
	if c.count == nil {
		return int32(max(1, len(text)/bytesPerToken))
	}
	return int32(max(1, c.count(text)))
}
