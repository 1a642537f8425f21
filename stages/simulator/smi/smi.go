// Package smi stands in for nvidia-smi: it takes the command lines by which programs ask for rows of readings, and prints such rows.
//
// Its invariant: a query that it takes is answered as the real program answers it, byte for byte — headings, units, [N/A], times — and
// one that it does not take is refused in the real program's words and with its exit code.
package smi

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The exit codes, as nvidia-smi's manual has them.
const (
	ExitInvalid   = 2 // an argument is not valid
	ExitNotFound  = 6 // a query found no such object
	ExitNoDriver  = 9 // the driver does not answer
	errorsEnd     = ". Please run 'nvidia-smi -h' for help.\n\n"
	noDevices     = "No devices were found\n"
	noDriver      = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n"
	formatMissing = "\"--format=\" switch is missing" + errorsEnd
)

// DefaultDriver is the major version of the driver that is stood in for. Before 530 it had one power.draw.
const DefaultDriver = 550

// Refusal is what nvidia-smi prints in place of rows, and how it exits then.
type Refusal struct {
	Text string
	Code int
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("exit code %d: %s", r.Code, strings.TrimSpace(r.Text))
}

// Board is one GPU at one moment.
type Board struct {
	At                         time.Time // in the zone of whoever asks
	Index                      int
	UUID, Name                 string
	AverageWatts, InstantWatts float64
	LimitWatts                 float64
	GPUUtil, MemUtil           float64 // percent
	MemUsedBytes, MemBytes     int64
	TemperatureC, SMClockHz    float64
	NotAvailable               bool // the power
}

// Query is a command line that was understood.
type Query struct {
	Period time.Duration // between two rounds of rows; 0: one round

	list          bool // -L
	fields        []field
	header, units bool
	format        string
	devices       []string // -i; empty: all
}

// Parse reads a command line, without the program's name, as the nvidia-smi of a driver of this major version does. Its error is a *Refusal.
func Parse(args []string, driver int) (Query, error) {
	q := Query{header: true, units: true}
	asked := ""
	for len(args) > 0 {
		name, value, joined := strings.Cut(args[0], "=")
		args = args[1:]
		next := func() (string, error) {
			if !joined && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
				value, args, joined = args[0], args[1:], true
			}
			if !joined || value == "" {
				return "", refuse("ERROR: Option %s is missing its value"+errorsEnd, name)
			}
			return value, nil
		}
		var err error
		switch name {
		case "-L", "--list-gpus":
			q.list = true
		case "--query-gpu":
			asked, err = next()
		case "--format":
			q.format, err = next()
		case "-i", "--id":
			var ids string
			ids, err = next()
			q.devices = strings.Split(ids, ",")
		case "-l", "--loop":
			err = q.every(next, name, time.Second)
		case "-lms", "--loop-ms":
			err = q.every(next, name, time.Millisecond)
		default:
			err = refuse("ERROR: Option %s is not recognized"+errorsEnd, strings.TrimSuffix(name+"="+value, "="))
		}
		if err != nil {
			return Query{}, err
		}
	}
	return q, q.resolve(asked, driver)
}

func refuse(format string, args ...any) error {
	return &Refusal{Text: fmt.Sprintf(format, args...), Code: ExitInvalid}
}

// every sets the period to a number of units.
func (q *Query) every(next func() (string, error), name string, unit time.Duration) error {
	text, err := next()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > int(math.MaxInt64/unit) {
		return refuse("ERROR: Option %s has an invalid value: %s"+errorsEnd, name, text)
	}
	q.Period = time.Duration(n) * unit
	return nil
}

// resolve looks up the fields and the format.
func (q *Query) resolve(asked string, driver int) error {
	switch {
	case q.list:
		return nil
	case asked == "":
		return refuse("Invalid combination of input arguments" + errorsEnd)
	case q.format == "":
		return refuse(formatMissing)
	}
	words := strings.Split(q.format, ",")
	if !slices.Contains(words, "csv") {
		return refuse("Invalid combination of input arguments" + errorsEnd)
	}
	for _, word := range words {
		switch strings.TrimSpace(word) {
		case "csv":
		case "noheader":
			q.header = false
		case "nounits":
			q.units = false
		default:
			return refuse("Invalid combination of input arguments" + errorsEnd)
		}
	}
	for _, name := range strings.Split(asked, ",") {
		name = strings.TrimSpace(name)
		f, ok := lookup(name)
		if !ok || driver < f.since {
			return refuse("Field \"%s\" is not a valid field to query.\n\n", name)
		}
		q.fields = append(q.fields, f)
	}
	return nil
}

// Wants reports whether the query is about a board.
func (q Query) Wants(b Board) bool {
	return len(q.devices) == 0 || slices.Contains(q.devices, strconv.Itoa(b.Index)) || slices.Contains(q.devices, b.UUID)
}

// NoDevices is the answer to a query that is about no board at all.
func NoDevices() *Refusal { return &Refusal{Text: noDevices, Code: ExitNotFound} }

// Heading is the first line, or nothing where none was asked for.
func (q Query) Heading() string {
	if q.list || !q.header {
		return ""
	}
	names := make([]string, len(q.fields))
	for i, f := range q.fields {
		names[i] = f.names[0]
		if f.unit != "" {
			names[i] += " [" + f.unit + "]"
		}
	}
	return strings.Join(names, ", ") + "\n"
}

// Row is the line of one board.
func (q Query) Row(b Board) string {
	if q.list {
		return fmt.Sprintf("GPU %d: %s (UUID: %s)\n", b.Index, b.Name, b.UUID)
	}
	cells := make([]string, len(q.fields))
	for i, f := range q.fields {
		switch {
		case f.power && b.NotAvailable:
			cells[i] = "[N/A]"
		case q.units && f.unit != "":
			cells[i] = f.print(b) + " " + f.unit
		default:
			cells[i] = f.print(b)
		}
	}
	return strings.Join(cells, ", ") + "\n"
}
