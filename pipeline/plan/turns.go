package plan

import (
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// longestDrawn is the most tokens of a request in a trial of a cell, the answer among them. In a conversation that is the last one.
func longestDrawn(c suite.Cell, seed int64, trial int) (int, error) {
	w := c.Workload
	draws, err := length.NewDraws(c.Input, c.Output, seed, trial)
	if err != nil {
		return 0, err
	}
	if w.Turns.IsZero() {
		return draws.Extent(int64(w.Requests)).MostTokens, nil
	}
	sessions, err := length.NewSessions(w.Turns, seed, trial, int64(w.Requests))
	if err != nil {
		return 0, err
	}
	return sessions.MostTokens(draws, w.SharedPrefixTokens), nil
}

// mustDraw passes on what was drawn of datasets that the language has read.
func mustDraw(n int, err error) int {
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err))
	}
	return n
}

// mostTokens is what the distributions of a cell let a request come to, without drawing; false where one of them has no bound.
func mostTokens(c suite.Cell) (most int, bounded bool) {
	input, output, w := c.Input.Most(), c.Output.Most(), c.Workload
	if w.Turns.IsZero() {
		return input + output, input > 0 && output > 0
	}
	turns := w.Turns.Most()
	return w.SharedPrefixTokens + turns*(input+output), input > 0 && output > 0 && turns > 0
}

// ask is what requests are on average. In a conversation, prompts grow.
type ask struct {
	turns         int // of a conversation; 1 where requests stand alone
	input, output int // tokens
	lastInput     int // tokens of the last prompt of a conversation
	think         time.Duration
}

// askOf is what requests are where so many tokens of a prompt are new.
func askOf(isl, osl, turns, shared int, think time.Duration) ask {
	if turns == 0 { // the shared prefix is a part of isl
		return ask{turns: 1, input: isl, lastInput: isl, output: osl, think: think}
	}
	return ask{turns: turns, input: shared + ((turns+1)*isl+(turns-1)*osl)/2, lastInput: shared + turns*isl + (turns-1)*osl, output: osl, think: think}
}

// asks is what a cell's requests are.
func asks(c suite.Cell) ask {
	return askOf(c.ISL, c.OSL, c.Workload.Turns.Mean(), c.Workload.SharedPrefixTokens, c.Workload.Think.Mean())
}

// longest is the tokens of the longest request, with its answer.
func (a ask) longest() int { return a.lastInput + a.output }

// takes is how long an answer is expected to take.
func (a ask) takes() time.Duration {
	return time.Duration(a.output)*assumedTPOT + time.Duration(a.input)*assumedPrefill
}

// demand is what a cell asks of its server.
func demand(c suite.Cell) stage.Demand {
	a := asks(c)
	return stage.Demand{Users: c.Users, RateRPS: float64(a.turns) * c.RateRPS, ISL: a.input, OSL: a.output}
}
