package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// moreTrials is the value of -trials: +2.
type moreTrials int

var _ pflag.Value = (*moreTrials)(nil)

// Set reads +N.
func (m *moreTrials) Set(text string) error {
	n, err := strconv.Atoi(strings.TrimPrefix(text, "+"))
	if err != nil || n < 1 || !strings.HasPrefix(text, "+") {
		return errors.New("want +N, as in -trials +2: so many beside those that the suite asks for")
	}
	*m = moreTrials(n)
	return nil
}

// String writes +N.
func (m *moreTrials) String() string {
	if *m == 0 {
		return ""
	}
	return fmt.Sprintf("+%d", int(*m))
}

// Type names the value in the list of flags.
func (*moreTrials) Type() string { return "+N" }
