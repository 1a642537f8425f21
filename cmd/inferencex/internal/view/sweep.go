package view

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/sweep"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// Sweep prints what is removed, or would be. What is younger than youngest was not looked at.
func Sweep(out io.Writer, items []sweep.Item, removing, asJSON bool, now time.Time, youngest time.Duration) error {
	var bytes int64
	for _, item := range items {
		bytes += item.Bytes
	}
	if asJSON {
		if items == nil {
			items = []sweep.Item{}
		}
		return JSON(out, map[string]any{"items": items, "bytes": bytes, "removed": removing})
	}
	w := bufio.NewWriter(out)
	for _, item := range items {
		fmt.Fprintf(w, "- %s %s  (%s, %s old: %s)\n", item.Kind, item.What, amount(item.Bytes), rough(now.Sub(item.Made)), item.Why)
	}
	switch {
	case len(items) == 0 && youngest > 0:
		fmt.Fprintf(w, "Nothing to remove that is older than %s; -older-than 0s looks at all.\n", rough(youngest))
	case len(items) == 0:
		fmt.Fprintln(w, "Nothing to remove.")
	case removing:
		fmt.Fprintf(w, "\nRemoving %s, %s.\n", plural.Of(len(items), "thing"), amount(bytes))
	default:
		fmt.Fprintf(w, "\n%s, %s. Nothing was removed: say -yes for that.\n", plural.Of(len(items), "thing"), amount(bytes))
	}
	return w.Flush()
}

// amount writes a number of bytes as a person reads it.
func amount(bytes int64) string {
	switch {
	case bytes < 1e4:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1e7:
		return fmt.Sprintf("%.0f kB", float64(bytes)/1e3)
	case bytes < 1e10:
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	default:
		return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
	}
}
