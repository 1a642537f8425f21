package simulator

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/openai"
	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

// shortestWait bounds how often, in wall time, a loop of nvidia-smi looks at the clock: rows that are due together are printed together.
const shortestWait = 2 * time.Millisecond

// serveSMI answers a command line of nvidia-smi, each argument an "arg", with a text that goes on for as long as the program would loop. Its times are
// those of the sampled host, in the zone utc_offset seconds east of Greenwich.
func (s *Server) serveSMI(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	driver, wrong := number(asked, "driver", smi.DefaultDriver)
	east, alsoWrong := number(asked, "utc_offset", 0)
	if apiErr := errors.Join(wrong, alsoWrong); apiErr != nil {
		openai.NewError(http.StatusBadRequest, "", apiErr.Error()).WriteTo(w)
		return
	}
	listing := smiListing{server: s, zone: time.FixedZone("", east), out: w}
	query, err := smi.Parse(asked["arg"], driver)
	if err == nil && !slices.ContainsFunc(listing.installed(), query.Wants) {
		err = smi.NoDevices()
	}
	code, text := 0, query.Heading()
	var refused *smi.Refusal
	if errors.As(err, &refused) {
		code, text = refused.Code, refused.Text
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set(smi.ExitHeader, strconv.Itoa(code))
	if _, err := w.Write([]byte(text)); err != nil || code != 0 {
		return
	}
	listing.print(r.Context(), query)
	if query.Period > 0 {
		panic(http.ErrAbortHandler) // cut, not ended: a loop has no end of its own
	}
}

// number reads a number of a request.
func number(asked url.Values, name string, otherwise int) (int, error) {
	text := asked.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errors.New(name + " must be a whole number, got " + strconv.Quote(text))
	}
	return n, nil
}

// smiListing is one run of nvidia-smi.
type smiListing struct {
	server *Server
	zone   *time.Location
	out    http.ResponseWriter
}

// print writes a round of rows, or one every period of simulated time until ctx ends. A round that is late still shows what was at its time.
func (l smiListing) print(ctx context.Context, query smi.Query) {
	flush := http.NewResponseController(l.out).Flush
	at := l.server.driver.clock.elapsed()
	before := at - sensor.Period
	for ; ; before, at = at, at+query.Period {
		if wait := l.server.driver.clock.wall(at).Sub(l.server.driver.clock.now()); wait > 0 {
			if flush() != nil || !sleep(ctx, max(wait, shortestWait)) {
				return
			}
		}
		for _, b := range l.boards(before, at) {
			if !query.Wants(b.Board) {
				continue
			}
			if _, err := l.out.Write(tear([]byte(query.Row(b.Board)), b.torn)); err != nil {
				return
			}
		}
		if query.Period == 0 || ctx.Err() != nil {
			return
		}
	}
}

// sleep waits, and reports whether ctx let it.
func sleep(ctx context.Context, wall time.Duration) bool {
	timer := time.NewTimer(wall)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// smiBoard is what is told of a board, and whether its row breaks off.
type smiBoard struct {
	smi.Board
	torn bool
}

// boards are what the sampled host shows at a simulated time, for the first time since the one before.
func (l smiListing) boards(before, at time.Duration) []smiBoard {
	s, d := l.server, l.server.driver
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.clock.elapsed()
	d.advance(now)
	at = min(at, now) // a timer may be early by a hair
	var shown []smiBoard
	for _, t := range d.sensor.Snapshot(before, at) {
		shown = append(shown, smiBoard{torn: t.Torn, Board: smi.Board{
			At: time.Unix(0, d.clock.unixNS(t.At)).In(l.zone), Index: t.GPU, UUID: t.UUID, Name: s.hardware.GPU.DeviceName,
			AverageWatts: t.AverageWatts, InstantWatts: t.InstantWatts, LimitWatts: s.hardware.GPU.TDPWatts, GPUUtil: t.GPUUtil, MemUtil: t.MemUtil,
			MemUsedBytes: t.MemUsedBytes, MemBytes: int64(s.hardware.GPU.MemoryBytes), TemperatureC: t.TemperatureC, SMClockHz: t.SMClockHz,
			NotAvailable: t.NotAvailable,
		}})
	}
	return shown
}

// installed are the boards that there are, whether or not they can be read now.
func (l smiListing) installed() []smi.Board {
	now := l.server.driver.clock.elapsed()
	var all []smi.Board
	for _, b := range l.boards(now, now) {
		all = append(all, b.Board)
	}
	for i, uuid := range l.server.driver.sensor.UUIDs() {
		all = append(all, smi.Board{Index: i, UUID: uuid})
	}
	return all
}
