package view

import (
	"fmt"
	"io"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/stages/load/ceiling"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// PointsHeading prints what the columns of Point are.
func PointsHeading(out io.Writer) {
	fmt.Fprintf(out, "%8s %13s %9s %11s %9s %9s %5s  %s\n", "streams", "tokens apart", "chunks/s", "TTFT error", "lag p50", "lag p99", "CPU", "verdict")
}

// Point prints what one load on the null server showed.
func Point(out io.Writer, p ceiling.Point) {
	f := p.Figures
	fmt.Fprintf(out, "%8d %13v %9.0f %8.2f ms %6.2f ms %6.2f ms %3.0f %%  %s\n",
		p.Streams, p.Gap, p.ChunksPerSecond, 1e3*f.TTFTError, 1e3*f.LagP50, 1e3*f.LagP99, 100*p.CPUShare, p.Verdict)
}

// Ceiling prints what the points came to, and where it is kept.
func Ceiling(out io.Writer, c measured.Ceiling, path string) error {
	more := ""
	if c.AtLeast {
		more = " It may be more: a longer -budget finds out."
	}
	_, err := fmt.Fprintf(out, "\nThis machine's client keeps up with %s of 20 ms a token, and with %.0f chunks a second.%s\nKept in %s, for plan and run.\n",
		plural.Of(c.Streams, "stream"), c.ChunksPerSecond, more, path)
	return err
}
