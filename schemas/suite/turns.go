package suite

import (
	"fmt"
	"math"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
)

// Talk is how the requests of a workload follow from each other: in conversations, with pauses.
type Talk struct {
	Turns Lengths    // requests of a conversation, each of which has what was said before it in its prompt; zero: requests stand alone
	Think think.Time // between the end of an answer and the next request of the same user or conversation
}

// sessionsPerUser keeps most users in a conversation until a cell is near its end.
const sessionsPerUser = 4

// talkArgs are the arguments of a workload that Talk holds.
func talkArgs() []block.Arg {
	return []block.Arg{
		{
			Name: "turns", Type: cty.DynamicPseudoType, Check: checkTurns, Schema: length.Schema, Word: "length", Default: cty.NumberIntVal(1),
			Doc: "Requests of a conversation: a number or a distribution, as isl. The prompt of each is what was asked and answered in the conversation so far, and isl tokens that are new; the first begins with the shared prefix, which then comes on top of isl. " +
				"Of a dataset's conversations at most so many turns are asked, in their own words and behind the server's answers. A request that fails ends its conversation. Users begin another one after it; at a rate, so many conversations begin in a second. requests is the number of all requests.",
		}, {
			Name: "think_time", Type: cty.DynamicPseudoType, Check: think.Check, Schema: think.Schema, Word: "time", Default: cty.StringVal("0s"),
			Doc: "How long a user pauses between the end of an answer and the next request, in a conversation and between two; at a rate, within each conversation. A duration or a distribution: " + think.Doc,
		},
	}
}

// checkTurns takes what length.Check does, in words for turns.
func checkTurns(v cty.Value) error {
	if ty := v.Type(); ty != cty.Number && ty != cty.String {
		if ty.IsObjectType() || ty.IsMapType() {
			return length.Check(v)
		}
		return fmt.Errorf("%s is no number of turns; write one, or a distribution such as { uniform = [2, 6] }", block.Noun(ty))
	}
	n, err := convert.Convert(v, cty.Number)
	if err != nil {
		return fmt.Errorf("%q is no number of turns; write one, or a distribution such as { uniform = [2, 6] }", v.AsString())
	}
	return block.Integer(1)(n)
}

// decodeTalk reads the arguments. The workload has its pacing.
func (l *loader) decodeTalk(w *Workload, c *block.Content) {
	turns, ok := l.lengths(c, "turns")
	if !ok {
		l.broken[w] = true
		return
	}
	if turns.Most() != 1 { // conversations of one request are none
		w.Turns = turns
	}
	if v, _ := c.Value.GetAttr("think_time").UnmarkDeep(); v.IsKnown() && !v.IsNull() {
		w.Think, _ = think.Decode(v) // an error has been reported
	}
	if w.Dataset != nil && !w.Turns.IsZero() && !w.Dataset.Data.Converses() {
		l.broken[w] = true
		l.fail(c.ArgRange("turns"), "No conversations", "Workload %q has turns, but no entry of %s has a second question. Take turns out to ask each of them by itself.", w.Name, w.Dataset.Data.Path)
	}
	if w.Trace != nil {
		_, thinks := c.Attrs["think_time"]
		l.alone(w, c, "a trace", "which says for itself when requests come and what they have in common", []beside{{"turns", !w.Turns.IsZero()}, {"think_time", thinks}})
	}
}

// pausesInVain says why nobody makes the workload's pauses at a rate; empty where somebody does.
func (w *Workload) pausesInVain(rateRPS float64) string {
	if rateRPS == 0 || w.Think.IsZero() || !w.Turns.IsZero() {
		return ""
	}
	return fmt.Sprintf("Workload %q has a think_time, but at a rate requests do not wait for each other, so that nothing pauses. Set turns to have conversations begin at the rate, or take think_time out.", w.Name)
}

// meanTurns is how many requests a conversation has on average, at least 1.
func (t Talk) meanTurns() int { return max(1, t.Turns.Mean()) }

// perUser is how many requests of each user keep a closed loop in its steady state for most of a cell.
func (t Talk) perUser() int {
	if t.Turns.IsZero() {
		return requestsPerUser
	}
	return max(requestsPerUser, sessionsPerUser*t.meanTurns())
}

// fewerSessions says why requests are too few conversations for the users, who would not all get one; empty where they are enough.
func (w *Workload) fewerSessions(users int) string {
	if w.Turns.IsZero() || w.Requests == 0 || w.Requests >= users*w.meanTurns() {
		return ""
	}
	sessions := int(math.Ceil(float64(w.Requests) / float64(w.meanTurns())))
	return fmt.Sprintf("%d requests are %d conversations of %s turns, fewer than there are users, %d: the result would be that of fewer users. Give workload %q at least %d requests, or leave requests out to have %d for each user.",
		w.Requests, sessions, w.Turns.Describe(), users, w.Name, w.perUser()*users, w.perUser())
}
