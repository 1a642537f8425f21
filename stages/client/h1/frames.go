package h1

// Frames tells where an answer ends on a connection that another HTTP client reads. It is ready after Begin.
type Frames struct {
	parser parser
	lost   bool // what came is no HTTP: it has no end
}

// Begin makes it ready for the answer to the next request.
func (f *Frames) Begin() {
	f.parser.reset()
	f.lost = false
}

// Take takes in what was read next. It reports whether the answer has ended, and how many of the bytes are
// behind its end.
func (f *Frames) Take(b []byte) (ended bool, behind int) {
	for !f.lost {
		part, _, rest, err := f.parser.next(b)
		switch {
		case err != nil:
			f.lost = true
		case part == More:
			return false, 0
		case part == End:
			return true, len(rest)
		}
		b = rest
	}
	return false, 0
}

const goodbyeBytes = len("HTTP/1.1 408")

// Goodbye reports whether what came to a connection that waited for a request is a server's way to close
// it: HTTP 408 says that no request came in time (RFC 9110, 15.5.9).
func Goodbye(b []byte) bool {
	begin := string(b[:min(goodbyeBytes, len(b))])
	return begin == "HTTP/1.1 408" || begin == "HTTP/1.0 408"
}
