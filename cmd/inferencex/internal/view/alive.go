package view

import (
	"bufio"
	"fmt"
	"io"

	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// Alive says what may still be running, and how it is removed.
func Alive(talk io.Writer, dir string, alive []journal.Entry) {
	fmt.Fprintln(talk, "\nStill running, or not known to be gone:")
	for _, e := range alive {
		id := e.Record.ID
		if id == "" {
			id = "(no id yet)"
		}
		fmt.Fprintf(talk, "  %s  %s  %s  token %s\n", e.Record.Address, id, e.State, e.Record.Token)
		if deadline := e.Record.Deadline; !deadline.IsZero() {
			fmt.Fprintf(talk, "    its provider ends it at %s\n", deadline.UTC().Format("2006-01-02 15:04 UTC"))
		}
	}
	fmt.Fprintf(talk, "inferencex destroy -dir %s releases them, and so does the next run there before it begins.\n", dir)
}

// Server is one that was found by its labels.
type Server struct {
	Type       string `json:"type"`
	Provider   string `json:"provider"` // the suite's block, or the type
	ID         string `json:"id,omitempty"`
	Token      string `json:"token"`
	Run        string `json:"run,omitempty"`
	InProgress bool   `json:"in_progress,omitempty"` // its run is at work, so it was left alone
	Gone       bool   `json:"gone,omitempty"`        // destroyed now
	Err        error  `json:"-"`
	Error      string `json:"error,omitempty"`
}

// Servers prints what was found by labels and what became of it.
func Servers(data, talk io.Writer, servers []Server, asJSON, destroying bool) error {
	alive := 0
	for i, s := range servers {
		if s.Err != nil {
			servers[i].Error = s.Err.Error()
		}
		if !s.Gone && !s.InProgress {
			alive++
		}
	}
	if asJSON {
		if servers == nil {
			servers = []Server{}
		}
		return JSON(data, map[string]any{"servers": servers})
	}
	w := bufio.NewWriter(data)
	for _, s := range servers {
		id, run := s.ID, s.Run
		if id == "" {
			id = "(no id)"
		}
		if run == "" {
			run = "unknown"
		}
		fmt.Fprintf(w, "%s  %s  token %s  run %s  %s\n", s.Provider, id, s.Token, run, fate(s))
	}
	if len(servers) == 0 {
		fmt.Fprintln(w, "No server carries the label of a run.")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if alive > 0 && !destroying {
		fmt.Fprintf(talk, "\n%s. Nothing was destroyed: say -yes with -run RUN or -all for that.\n", plural.Of(alive, "server"))
	}
	return nil
}

func fate(s Server) string {
	switch {
	case s.InProgress:
		return "its run is in progress"
	case s.Gone:
		return "gone"
	case s.Err != nil:
		return "may still be running: " + s.Err.Error()
	default:
		return "running"
	}
}
