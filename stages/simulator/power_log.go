package simulator

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

// The log that the first benchmark of this project wrote beside its servers: once a second the time, naive and in UTC, and behind it what nvidia-smi
// says of each GPU. n of the file's name is the number of GPUs.
const (
	logHeader = "timestamp,gpu_id,power_draw_w,temperature_c,gpu_util_pct,mem_util_pct,mem_used_mb\n"
	logQuery  = "--query-gpu=index,power.draw,temperature.gpu,utilization.gpu,utilization.memory,memory.used --format=csv,noheader,nounits"
	logTime   = "2006-01-02T15:04:05.000000"
	logName   = "power_log_%dgpu_%s.csv"
	logEvery  = time.Second
)

// servePowerLog answers with such a log of [from_unix_ns, to_unix_ns], under its name.
func (s *Server) servePowerLog(w http.ResponseWriter, r *http.Request) {
	fromNS, toNS, apiErr := bounds(r)
	if apiErr != nil {
		apiErr.WriteTo(w)
		return
	}
	query, err := smi.Parse(strings.Fields(logQuery), smi.DefaultDriver)
	if err != nil {
		panic(err) // a constant
	}
	c := s.driver.clock
	from, to := c.between(fromNS, toNS)
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	name := fmt.Sprintf(logName, s.cfg.GPUs, time.Unix(0, c.unixNS(from)).UTC().Format("20060102_150405"))
	w.Header().Set("Content-Disposition", "attachment; filename="+name)
	if _, err := w.Write([]byte(logHeader)); err != nil {
		return
	}
	listing := smiListing{server: s, zone: time.UTC}
	for at := (from + logEvery - 1) / logEvery * logEvery; at <= min(to, c.elapsed()); at += logEvery {
		for _, b := range listing.boards(at-logEvery, at) {
			row := b.At.Format(logTime) + "," + query.Row(b.Board)
			if _, err := w.Write(tear([]byte(row), b.torn)); err != nil {
				return
			}
		}
	}
}

// between is an interval of unix times on the clock; a zero bound is open.
func (c clock) between(fromUnixNS, toUnixNS int64) (from, to time.Duration) {
	from, to = 0, math.MaxInt64
	if fromUnixNS != 0 {
		from = max(0, time.Duration(fromUnixNS-c.epoch.UnixNano()))
	}
	if toUnixNS != 0 {
		to = time.Duration(toUnixNS - c.epoch.UnixNano())
	}
	return from, to
}
