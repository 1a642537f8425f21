package aggregate_test

import (
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage/revisiontest"
	"github.com/strangeloopio/inferencex/stages/aggregate"
)

// What is protected: that a change of what aggregate makes of the same measurements is seen in folders that were sealed before it.
func TestRevision(t *testing.T) {
	outputs := map[string]map[string]string{}
	for name, task := range fixtures(t) {
		run(t, task)
		outputs[name] = revisiontest.Files(t, task.Dir)
	}
	revisiontest.Hold(t, aggregate.New(), outputs, *update)
}
