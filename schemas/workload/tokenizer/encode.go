package tokenizer

import "unicode/utf8"

// encoder encodes one text.
type encoder struct {
	model   *model
	ids     []int64
	symbols []symbol
	queue   []candidate
}

// symbol is a token of a word, on its way to become part of a longer one.
type symbol struct {
	id         int32 // none: it has become part of the one before
	prev, next int32 // indices; none at the ends
}

// candidate is a merge that can be made.
type candidate struct {
	merge
	at int32 // the left one of the two
}

// word appends the ids of a word.
func (e *encoder) word(word string) {
	if e.model.ignoreMerges {
		if id, ok := e.model.ids[word]; ok {
			e.ids = append(e.ids, int64(id))
			return
		}
	}
	e.symbols, e.queue = e.symbols[:0], e.queue[:0]
	if e.model.bytes {
		e.spellBytes(word)
	} else {
		e.spellLetters(word)
	}
	e.mergeAll()
	for _, s := range e.symbols {
		if s.id != none {
			e.ids = append(e.ids, int64(s.id))
		}
	}
}

// spellBytes makes the word's bytes its symbols.
func (e *encoder) spellBytes(word string) {
	unknown := 0
	for i := range len(word) {
		id := e.model.byteIDs[word[i]]
		if id == none {
			unknown = e.skip(unknown)
			continue
		}
		e.flushUnknown(&unknown)
		e.add(id)
	}
	e.flushUnknown(&unknown)
}

// spellLetters makes the word's letters its symbols.
func (e *encoder) spellLetters(word string) {
	unknown := 0
	for i := 0; i < len(word); {
		_, size := utf8.DecodeRuneInString(word[i:])
		letter := word[i : i+size]
		i += size
		if id, ok := e.model.ids[letter]; ok {
			e.flushUnknown(&unknown)
			e.add(id)
			continue
		}
		if e.model.fallback && e.asBytes(letter) {
			continue // what was unknown before it comes behind it, as in the library
		}
		unknown = e.skip(unknown)
	}
	e.flushUnknown(&unknown)
}

// asBytes adds the bytes of a letter if they all have tokens.
func (e *encoder) asBytes(letter string) bool {
	for i := range len(letter) {
		if e.model.byteIDs[letter[i]] == none {
			return false
		}
	}
	for i := range len(letter) {
		e.add(e.model.byteIDs[letter[i]])
	}
	return true
}

// skip counts something without a token to those before it that have not been added yet.
func (e *encoder) skip(unknown int) int {
	if unknown > 0 && !e.model.fuse {
		e.flushUnknown(&unknown)
	}
	return 1
}

// flushUnknown adds the token for what has none.
func (e *encoder) flushUnknown(unknown *int) {
	if *unknown > 0 && e.model.unknown != none {
		e.add(e.model.unknown)
	}
	*unknown = 0
}

func (e *encoder) add(id int32) {
	at := int32(len(e.symbols))
	if at > 0 {
		e.symbols[at-1].next = at
	}
	e.symbols = append(e.symbols, symbol{id: id, prev: at - 1, next: none})
}

// mergeAll makes longer symbols until no two neighbours can be merged: first those of the merge that was learnt first, of these the leftmost.
func (e *encoder) mergeAll() {
	for at := range int32(len(e.symbols)) {
		e.consider(at)
	}
	for len(e.queue) > 0 {
		top := e.pop()
		left := &e.symbols[top.at]
		if left.id == none || left.next == none {
			continue
		}
		right := &e.symbols[left.next]
		if e.model.merges[pair{left.id, right.id}] != top.merge { // one of the two has been merged since
			continue
		}
		left.id, right.id, left.next = top.id, none, right.next
		if left.next != none {
			e.symbols[left.next].prev = top.at
		}
		e.consider(left.prev)
		e.consider(top.at)
	}
}

// consider queues the merge of a symbol with the next one, if there is one.
func (e *encoder) consider(at int32) {
	if at == none || e.symbols[at].next == none {
		return
	}
	s := e.symbols[at]
	if m, ok := e.model.merges[pair{s.id, e.symbols[s.next].id}]; ok {
		e.push(candidate{m, at})
	}
}

func (c candidate) before(other candidate) bool {
	return c.rank < other.rank || c.rank == other.rank && c.at < other.at
}

// push and pop keep the queue a heap. That of the standard library would allocate for each candidate.
func (e *encoder) push(c candidate) {
	q := append(e.queue, c)
	for i := len(q) - 1; i > 0; {
		up := (i - 1) / 2
		if !q[i].before(q[up]) {
			break
		}
		q[i], q[up] = q[up], q[i]
		i = up
	}
	e.queue = q
}

func (e *encoder) pop() candidate {
	q := e.queue
	top, last := q[0], len(q)-1
	q[0] = q[last]
	q = q[:last]
	for i := 0; ; {
		least := i
		for _, down := range []int{2*i + 1, 2*i + 2} {
			if down < last && q[down].before(q[least]) {
				least = down
			}
		}
		if least == i {
			break
		}
		q[i], q[least] = q[least], q[i]
		i = least
	}
	e.queue = q
	return top
}
