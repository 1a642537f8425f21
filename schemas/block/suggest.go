package block

import (
	"fmt"
	"sort"
	"strings"
)

// mostListed is how many names a hint writes out when none of them is near.
const mostListed = 12

// Suggest is the name that a misspelt one was most likely meant to be, or empty if none is near.
func Suggest(given string, names []string) string {
	best, bestCost := "", min(3, len(given)/2+1)
	sorted := append([]string(nil), names...)
	sort.Strings(sorted)
	for _, name := range sorted {
		if cost := distance(strings.ToLower(given), strings.ToLower(name), bestCost); cost < bestCost {
			best, bestCost = name, cost
		}
	}
	return best
}

// Hint ends a message about an unknown name: " Did you mean …?", or the names there are if they are few.
func Hint(given string, names []string) string {
	if s := Suggest(given, names); s != "" {
		return fmt.Sprintf(". Did you mean %q?", s)
	}
	if len(names) == 0 || len(names) > mostListed {
		return "."
	}
	sorted := append([]string(nil), names...)
	sort.Strings(sorted)
	return ". There is " + strings.Join(sorted, ", ") + "."
}

// distance is the number of letters to change, add, drop or swap with the next to turn a into b; limit if not less.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) >= limit || len(y)-len(x) >= limit {
		return limit
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := last[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], limit)
}
