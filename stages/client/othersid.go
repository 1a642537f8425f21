package client

import (
	"bytes"
	"strings"
)

// othersID returns the id of another request of the same load that an event names, or nothing. Servers such
// as vLLM make an answer's id of the X-Request-Id. Ids of one load end with a dash and a number, and differ
// in that alone.
func othersID(event []byte, own string) string {
	dash := strings.LastIndexByte(own, '-')
	if dash < 0 {
		return ""
	}
	load := own[:dash+1]
	at := bytes.Index(event, []byte(load))
	if at < 0 {
		return ""
	}
	id := event[at:]
	n := len(load)
	for n < len(id) && id[n] >= '0' && id[n] <= '9' {
		n++
	}
	if n == len(load) || string(id[:n]) == own {
		return ""
	}
	return string(id[:n])
}
