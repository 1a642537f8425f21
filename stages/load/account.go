package load

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/load/scrape"
	"github.com/strangeloopio/inferencex/stages/metric/account"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// account writes the readings down and sums them up. That a server has no metrics, or shows none, is no fault of a load.
func (r *recorder) account(env stage.Env, engine string, series scrape.Series) (measured.Server, error) {
	facts := measured.Server{Problem: problemOf(engine, series.Problem), Failed: series.Failed}
	a, ok := account.Of(series.Rows)
	if !ok {
		env.Log.Info("the server gives no account of its own: " + facts.Problem)
		return facts, nil
	}
	facts.Account = &a
	for i := range series.Rows {
		series.Rows[i].Cell = r.place.Cell
	}
	return facts, table.Write(filepath.Join(r.dir, measured.ServerFile), series.Rows, r.meta)
}

// problemOf says why a server gives no account, or only a part of one, and what to do where it shows metrics only if it is told to.
func problemOf(engine string, err error) string {
	flag := map[string]string{"sglang": "--enable-metrics", "llamacpp": "--metrics"}[engine]
	switch {
	case err == nil:
		return ""
	case flag != "" && errors.Is(err, client.ErrUnsupported):
		return strings.TrimSuffix(err.Error(), ".") + "; start it with " + flag
	default:
		return err.Error()
	}
}
