package plan

import (
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

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
	return ask{
		turns: turns, think: think, output: osl,
		input:     shared + ((turns+1)*isl+(turns-1)*osl)/2,
		lastInput: shared + turns*isl + (turns-1)*osl,
	}
}

// asks is what a cell's requests are.
func asks(c suite.Cell) ask {
	w := c.Workload
	return askOf(c.ISL, c.OSL, w.Turns.Mean(), w.SharedPrefixTokens, w.Think.Mean())
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
