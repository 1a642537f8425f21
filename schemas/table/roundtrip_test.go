package table

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// random makes n rows whose fields are often null or extreme.
func random[R any](rng *rand.Rand, n int) []R {
	rows := make([]R, n)
	for i := range rows {
		row := reflect.ValueOf(&rows[i]).Elem()
		for f := range row.NumField() {
			field := row.Field(f)
			if field.Kind() == reflect.Pointer {
				if rng.IntN(3) == 0 {
					continue
				}
				field.Set(reflect.New(field.Type().Elem()))
				field = field.Elem()
			}
			setRandom(rng, field)
		}
	}
	return rows
}

func setRandom(rng *rand.Rand, field reflect.Value) {
	pick := func(n int) int { return rng.IntN(n) }
	switch field.Kind() {
	case reflect.String:
		texts := []string{"", "ok", "żółć", "日本語", "🦊\x00\n\"", string(make([]byte, 300)), "x" + string(rune('a'+pick(26)))}
		field.SetString(texts[pick(len(texts))])
	case reflect.Int32:
		field.SetInt([]int64{0, -1, math.MaxInt32, math.MinInt32, rng.Int64N(1000)}[pick(5)])
	case reflect.Int64:
		field.SetInt([]int64{0, -1, math.MaxInt64, math.MinInt64, rng.Int64()}[pick(5)])
	case reflect.Float64:
		field.SetFloat([]float64{0, math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), rng.NormFloat64()}[pick(8)])
	case reflect.Bool:
		field.SetBool(pick(2) == 0)
	default:
		panic("no random " + field.Kind().String())
	}
}

// Every row that goes into a file comes out of it, and all Arrow memory is given back.
func TestRoundTrip(t *testing.T) {
	t.Run("requests", testRoundTrip[Request])
	t.Run("chunks", testRoundTrip[Chunk])
	t.Run("power", testRoundTrip[Power])
	t.Run("server", testRoundTrip[Server])
	t.Run("all types", testRoundTrip[allTypes])
}

// allTypes has a field of each type that a row may have.
type allTypes struct {
	Text    string   `col:"text" dict:"true"`
	Plain   string   `col:"plain"`
	Int     int32    `col:"int"`
	Long    int64    `col:"long"`
	Float   float64  `col:"float"`
	Flag    bool     `col:"flag"`
	TextP   *string  `col:"text_p" dict:"true"`
	PlainP  *string  `col:"plain_p"`
	IntP    *int32   `col:"int_p"`
	LongP   *int64   `col:"long_p"`
	FloatP  *float64 `col:"float_p"`
	FlagP   *bool    `col:"flag_p"`
	TextP2  *string  `col:"text_p2"`
	FlagP2  *bool    `col:"flag_p2"`
	Another int64    `col:"another"`
}

func (allTypes) identity() identity { return identity{"all_types", 3} }

func testRoundTrip[R any](t *testing.T) {
	// Around one batch, around one read, and beyond one row group.
	for _, n := range []int{0, 1, batchRows - 1, batchRows, 2*batchRows + 1} {
		checkRoundTrip(t, random[R](rand.New(rand.NewPCG(7, uint64(n))), n))
	}
}

func TestRoundTripOfManyRowGroups(t *testing.T) {
	checkRoundTrip(t, chunks(2*rowGroupRows+batchRows+17))
}

func checkRoundTrip[R any](t *testing.T, rows []R) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	dir := t.TempDir()
	meta := Meta{"metrics_def": "1", "unicode": "Größe"}

	journal := filepath.Join(dir, "journal.arrows")
	writeJournal(t, mem, journal, rows)
	var journaled []R
	torn, err := readJournal(journal, collect(&journaled), mem)
	if err != nil || torn {
		t.Fatalf("read journal: torn %v, error %v", torn, err)
	}
	same(t, "journal", rows, journaled)

	path := filepath.Join(dir, "table.parquet")
	f, err := durable.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter[R](f, meta, mem)
	if err != nil {
		t.Fatal(err)
	}
	for len(journaled) > 0 {
		n := min(1000, len(journaled))
		if err := w.Append(journaled[:n]...); err != nil {
			t.Fatal(err)
		}
		journaled = journaled[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := newReader[R](path, mem)
	if err != nil {
		t.Fatal(err)
	}
	var scanned []R
	for batch, err := r.next(); len(scanned) < len(rows); batch, err = r.next() {
		if err != nil {
			t.Fatal(err)
		}
		scanned = append(scanned, batch...)
	}
	r.close()
	same(t, "scan", rows, scanned)

	read, gotMeta, err := Read[R](path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "read", rows, read)
	if diff := cmp.Diff(layoutOf[R]().meta(meta), gotMeta); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func writeJournal[R any](t *testing.T, mem memory.Allocator, path string, rows []R) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	j := newJournal[R](f, mem)
	if err := j.Append(rows...); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// collect keeps all rows that it is given.
func collect[R any](into *[]R) func([]R) error {
	return func(rows []R) error {
		*into = append(*into, rows...)
		return nil
	}
}

func same[R any](t *testing.T, what string, want, got []R) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
	// cmp is slow, so it is asked only about rows that plainly differ: those with NaN, or wrong ones.
	for i := range want {
		if reflect.DeepEqual(want[i], got[i]) {
			continue
		}
		if diff := cmp.Diff(want[i], got[i], cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("%s: row %d (-want +got):\n%s", what, i, diff)
		}
	}
}

func TestSealedFileIsTheJournal(t *testing.T) {
	rows := random[Request](rand.New(rand.NewPCG(3, 4)), 5000)
	journal := journalOf(t, rows)
	path := filepath.Join(t.TempDir(), "requests.parquet")
	n, err := Seal[Request](journal, path, Meta{"metrics_def": "1"})
	if err != nil || n != 5000 {
		t.Fatalf("sealed %d rows, error %v", n, err)
	}
	var got []Request
	if err := Scan(path, collect(&got)); err != nil {
		t.Fatal(err)
	}
	same(t, "sealed", rows, got)
}

// Equal tables are equal files, so that a checkpoint's hash says whether a result is the same.
func TestFilesAreByteStable(t *testing.T) {
	dir := t.TempDir()
	rows := random[Power](rand.New(rand.NewPCG(5, 6)), 3000)
	var files [2]string
	for i := range files {
		path := filepath.Join(dir, "power.parquet")
		if err := Write(path, rows, Meta{"b": "2", "a": "1", "c": "3"}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = string(data)
	}
	if files[0] != files[1] {
		t.Error("the same rows made two different files")
	}
}

func TestTextThatIsNotUTF8IsRepaired(t *testing.T) {
	path := filepath.Join(t.TempDir(), "requests.parquet")
	bad := "bad \xff\xfe byte"
	if err := Write(path, []Request{{ID: bad, Error: bad}}, nil); err != nil {
		t.Fatal(err)
	}
	rows, _, err := Read[Request](path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Request{{ID: "bad \uFFFD byte", Error: "bad \uFFFD byte"}}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// What a batch's rows hold outlives the batch, whose slice is used again.
func TestRowsOutliveTheirBatch(t *testing.T) {
	rows := random[Request](rand.New(rand.NewPCG(8, 9)), 3*batchRows)
	path := journalOf(t, rows)
	var kept []Request
	if _, err := ReadJournal(path, collect(&kept)); err != nil {
		t.Fatal(err)
	}
	same(t, "kept", rows, kept)
}
