package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// CSV writes one row a cell with the columns of results.json. What is missing is empty; lists are joined by semicolons.
func CSV(w io.Writer, r result.Results) error {
	out := csv.NewWriter(w)
	columns := result.Columns(r.Metrics)
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.Name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for _, cell := range r.Cells {
		for i, c := range columns {
			record[i] = field(c.Value(cell))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func field(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []string:
		return strings.Join(v, ";")
	default:
		return fmt.Sprint(v)
	}
}
