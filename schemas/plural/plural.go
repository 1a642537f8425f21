// Package plural writes numbers of things in English. Its one form serves every noun that this program counts: regular ones.
package plural

import (
	"strconv"
	"strings"
)

// Of writes a number of things, named in the singular: "1 cell", "6 cells", "0 entries".
func Of(n int, thing string) string {
	text := strconv.Itoa(n) + " " + thing
	if n == 1 {
		return text
	}
	if stem, ok := strings.CutSuffix(text, "y"); ok && !strings.ContainsAny(stem[len(stem)-1:], "aeiou") {
		return stem + "ies"
	}
	return text + "s"
}
