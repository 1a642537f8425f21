package power

import (
	"strings"
	"testing"
)

// FuzzParseLog holds a log of power that is read to this: cut anywhere behind its header it is read, too,
// since it may be copied while it is written; and each GPU's rows are numbered from 0.
func FuzzParseLog(f *testing.F) {
	for _, rows := range []string{
		"", "2026-01-05T10:00:01,0, 412.3, 61, 97, 41, 70321\n", ",,,,,,\n", "9999-12-31T23:59:59,-1,1e308,-0,1,1,1",
		"2026-01-05T10:00:01,1,[N/A],61,97,41,1\r\n2026-01-05T10:00:02,1,2,",
		"2026-01-05T10:00:01,0, 1, 1, 1, 1, 1\n\n2026-01-05T10:00:01.5,1, 1, 1, 1, 1, 1\n",
	} {
		f.Add([]byte(rows), uint(len(rows)/2))
	}
	f.Fuzz(func(t *testing.T, rows []byte, cut uint) {
		if _, err := parseLog(rows); err == nil && !strings.Contains(string(rows), logHeader) {
			t.Errorf("%q is read without a header", rows)
		}
		read, err := parseLog(append([]byte(logHeader+"\n"), rows...))
		if err != nil {
			return
		}
		next := map[int32]int64{}
		for _, row := range read {
			if row.Seq != next[row.GPUIndex] {
				t.Fatalf("%q: row %d of GPU %d has the number %d", rows, next[row.GPUIndex], row.GPUIndex, row.Seq)
			}
			next[row.GPUIndex]++
		}
		at := cut % uint(len(rows)+1)
		torn, err := parseLog(append([]byte(logHeader+"\n"), rows[:at]...))
		if err != nil || len(torn) > len(read)+1 {
			t.Errorf("%q has %d rows, and cut to %q %d, %v", rows, len(read), rows[:at], len(torn), err)
		}
	})
}
