package block

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
)

var sameValue = cmp.Comparer(cty.Value.RawEquals)

func list(ss ...string) cty.Value {
	var out []cty.Value
	for _, s := range ss {
		out = append(out, cty.StringVal(s))
	}
	return cty.ListVal(out)
}

func secretText(s string) cty.Value { return cty.StringVal(s).Mark(Sensitive) }

func object(v cty.Value) cty.Value { return cty.ObjectVal(map[string]cty.Value{"v": v}) }

func TestVeiled(t *testing.T) {
	secret := secretText("hunter2")
	text := cty.StringVal("(sensitive)")
	tests := map[string]struct{ in, want cty.Value }{
		"nothing to hide": {list("a"), list("a")},
		"text":            {secret, text},
		"number":          {cty.NumberIntVal(7).Mark(Sensitive), text},
		"collection":      {list("a").Mark(Sensitive), text},
		"in a list":       {cty.ListVal([]cty.Value{cty.Zero.Mark(Sensitive), cty.Zero}), cty.TupleVal([]cty.Value{text, cty.Zero})},
		"in a map":        {cty.MapVal(map[string]cty.Value{"a": cty.True.Mark(Sensitive)}), cty.ObjectVal(map[string]cty.Value{"a": text})},
		"from outside":    {object(cty.StringVal("ci").Mark(Impure)), object(cty.StringVal("ci"))},
		"no value":        {object(cty.NullVal(cty.List(cty.String)).Mark(Impure)), object(cty.NullVal(cty.List(cty.String)))},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Veiled(tt.in); !got.RawEquals(tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestAccept(t *testing.T) {
	secret := cty.StringVal("hunter2").Mark(Sensitive)
	tests := map[string]struct {
		arg     Arg
		in      cty.Value
		want    cty.Value
		problem string
	}{
		"converted":          {Arg{Name: "a", Type: cty.Number}, cty.StringVal("3"), cty.NumberIntVal(3), ""},
		"default for null":   {Arg{Name: "a", Type: cty.Number, Default: cty.NumberIntVal(7)}, cty.NullVal(cty.Number), cty.NumberIntVal(7), ""},
		"null stays":         {Arg{Name: "a", Type: cty.Number}, cty.NullVal(cty.DynamicPseudoType), cty.NullVal(cty.Number), ""},
		"required null":      {Arg{Name: "a", Type: cty.Number, Required: true, Doc: "How many."}, cty.NullVal(cty.Number), cty.UnknownVal(cty.Number), `Missing required argument: "a" is null, but needed: how many.`},
		"unknown passes":     {Arg{Name: "a", Type: cty.Number, Check: Integer(1)}, cty.DynamicVal, cty.UnknownVal(cty.Number), ""},
		"partly unknown":     {Arg{Name: "a", Type: cty.List(cty.String)}, cty.TupleVal([]cty.Value{cty.DynamicVal}), cty.UnknownVal(cty.List(cty.String)), ""},
		"wrong type":         {Arg{Name: "a", Type: cty.Bool}, cty.TupleVal([]cty.Value{cty.True}), cty.UnknownVal(cty.Bool), `Wrong type: "a" takes a bool, but this is a list.`},
		"wrong element":      {Arg{Name: "a", Type: cty.List(cty.Number)}, cty.TupleVal([]cty.Value{cty.StringVal("x"), cty.Zero}), cty.UnknownVal(cty.List(cty.Number)), `Wrong type: "a" takes a list of number, but in [0], a number is required.`},
		"check":              {Arg{Name: "a", Type: cty.Number, Check: Integer(1)}, cty.Zero, cty.UnknownVal(cty.Number), `Invalid value: "a": 0 is too small; the least is 1.`},
		"one of":             {Arg{Name: "a", Type: cty.String, OneOf: []string{"chat", "completions"}}, cty.StringVal("chta"), cty.UnknownVal(cty.String), `Invalid value: "a": "chta" is not known here. Did you mean "chat"?`},
		"one of list":        {Arg{Name: "a", Type: cty.List(cty.String), OneOf: []string{"x", "y"}}, list("x", "long"), cty.UnknownVal(cty.List(cty.String)), `Invalid value: "a": "long" is not known here. There is x, y.`},
		"several of list":    {Arg{Name: "a", Type: cty.List(cty.String), OneOf: []string{"x", "y"}}, list("long", "x", "x", "ys"), cty.UnknownVal(cty.List(cty.String)), `Invalid value: "a": "long" is not known here. There is x, y. "x" stands twice; once is enough. "ys" is not known here. Did you mean "y"?`},
		"wrong attribute":    {Arg{Name: "a", Type: cty.Map(cty.List(cty.Number))}, object(cty.TupleVal([]cty.Value{cty.Zero, cty.StringVal("x")})), cty.UnknownVal(cty.Map(cty.List(cty.Number))), `Wrong type: "a" takes a map of list of number, but in ["v"][1], a number is required.`},
		"wrong text":         {Arg{Name: "a", Type: cty.Number}, cty.StringVal("two"), cty.UnknownVal(cty.Number), `Wrong type: "a" takes a number, but "two" is a string.`},
		"wrong long text":    {Arg{Name: "a", Type: cty.Number}, cty.StringVal(strings.Repeat("x", 50)), cty.UnknownVal(cty.Number), `Wrong type: "a" takes a number, but this is a string.`},
		"wrong secret":       {Arg{Name: "a", Type: cty.Number, Secret: true}, secret, cty.UnknownVal(cty.Number), `Wrong type: "a" takes a number, but this is a string.`},
		"days":               {Arg{Name: "a", Type: cty.String, Format: Duration}, cty.StringVal("1.5d"), cty.UnknownVal(cty.String), `Invalid value: "a": "1.5d" is in days, which is no unit here; write "36h".`},
		"eternity":           {Arg{Name: "a", Type: cty.String, Format: Duration}, cty.StringVal("99999999999h"), cty.UnknownVal(cty.String), `Invalid value: "a": "99999999999h" is too long; the longest is about 290 years.`},
		"one line":           {Arg{Name: "a", Type: cty.String, Check: OneLine}, cty.StringVal("a b/c"), cty.StringVal("a b/c"), ""},
		"no line":            {Arg{Name: "a", Type: cty.String, Check: OneLine}, cty.StringVal(" "), cty.UnknownVal(cty.String), `Invalid value: "a": it is empty; leave it out or fill it.`},
		"heredoc":            {Arg{Name: "a", Type: cty.String, Check: OneLine}, cty.StringVal("x\n"), cty.UnknownVal(cty.String), `Invalid value: "a": "x\n" ends with a line end, as a text after << does; write it in quotes, or use chomp(...).`},
		"two lines":          {Arg{Name: "a", Type: cty.String, Check: OneLine}, cty.StringVal("x\ny"), cty.UnknownVal(cty.String), `Invalid value: "a": "x\ny" has a line end or another control character in it; take it out.`},
		"blanks around":      {Arg{Name: "a", Type: cty.String, Check: OneLine}, cty.StringVal(" x"), cty.UnknownVal(cty.String), `Invalid value: "a": " x" has blanks around it; take them away, or use trimspace(...).`},
		"null element":       {Arg{Name: "a", Type: cty.List(cty.String)}, cty.TupleVal([]cty.Value{cty.NullVal(cty.String)}), cty.UnknownVal(cty.List(cty.String)), `Invalid value: "a": an element is null; leave it out.`},
		"duration":           {Arg{Name: "a", Type: cty.String, Format: Duration}, cty.StringVal("90s"), cty.StringVal("1m30s"), ""},
		"bare duration":      {Arg{Name: "a", Type: cty.String, Format: Duration}, cty.NumberIntVal(90), cty.UnknownVal(cty.String), `Invalid value: "a": "90" has no unit; write "90s", or another of ms, s, m and h.`},
		"percent":            {Arg{Name: "a", Type: cty.String, Format: Percent}, cty.StringVal("1.50 %"), cty.UnknownVal(cty.String), `Invalid value: "a": "1.50 %" is not a percentage; write a number that is not negative before the sign: "0.5%".`},
		"canonical percent":  {Arg{Name: "a", Type: cty.String, Format: Percent}, cty.StringVal("1.50%"), cty.StringVal("1.5%"), ""},
		"secret allowed":     {Arg{Name: "a", Type: cty.String, Secret: true}, secret, secret, ""},
		"secret refused":     {Arg{Name: "a", Type: cty.String}, secret, cty.UnknownVal(cty.String), `Sensitive value exposed: "a" is shown in plans and results, so it cannot be sensitive. Use another value, or drop "sensitive" from the variable.`},
		"impure refused":     {Arg{Name: "a", Type: cty.String}, cty.StringVal("x").Mark(Impure), cty.UnknownVal(cty.String), `Value from the environment: "a" is part of the key under which results are found again, so it cannot come from env(): on another machine the same suite would mean something else.`},
		"impure recorded":    {Arg{Name: "a", Type: cty.String, Provenance: true}, cty.StringVal("x").Mark(Impure), cty.StringVal("x").Mark(Impure), ""},
		"impure sealed":      {Arg{Name: "a", Type: cty.Map(cty.String), Secret: true}, cty.MapVal(map[string]cty.Value{"x": cty.StringVal("1").Mark(Impure), "y": cty.StringVal("2")}), cty.MapVal(map[string]cty.Value{"x": secretText("1"), "y": cty.StringVal("2")}), ""},
		"impure inside ref":  {Arg{Name: "a", Type: cty.DynamicPseudoType, Ref: "model"}, object(cty.StringVal("x").Mark(Impure)), object(cty.StringVal("x").Mark(Impure)), ""},
		"impure choice":      {Arg{Name: "a", Type: cty.DynamicPseudoType, Ref: "model"}, object(cty.StringVal("x")).Mark(Impure), cty.DynamicVal, `Value from the environment: "a" is part of the key under which results are found again, so it cannot come from env(): on another machine the same suite would mean something else.`},
		"secret names":       {Arg{Name: "a", Type: cty.Map(cty.String), Secret: true}, cty.MapVal(map[string]cty.Value{"x": cty.StringVal("1")}).Mark(Sensitive), cty.UnknownVal(cty.Map(cty.String)), `Sensitive names exposed: The names in "a" are shown, so that only its values can be sensitive. Write the names out: a = { NAME = ... }.`},
		"secret that breaks": {Arg{Name: "a", Type: cty.String, Secret: true, Doc: "A key.", Check: func(v cty.Value) error { return fmt.Errorf("bad %q", v.AsString()) }}, secret, cty.UnknownVal(cty.String), `Invalid value: "a" has a sensitive value that does not fit: a key.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, problem := tt.arg.Accept(tt.in)
			text := ""
			if problem != nil {
				text = problem.Summary + ": " + problem.Detail
			}
			if diff := cmp.Diff(tt.problem, text); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
			if !got.RawEquals(tt.want) {
				t.Errorf("value %#v, want %#v", got, tt.want)
			}
		})
	}
}

func TestChecks(t *testing.T) {
	n := cty.NumberFloatVal
	tests := map[string]struct {
		check func(cty.Value) error
		in    cty.Value
		want  string
	}{
		"whole":        {Integer(1), n(1), ""},
		"fraction":     {Integer(1), n(1.5), "1.5 is not a whole number"},
		"huge":         {Integer(1), n(1e18), "1000000000000000000 is too large; the most is 9007199254740992"},
		"at least":     {AtLeast(0), n(-1), "-1 is too small; the least is 0"},
		"not a float":  {AtLeast(0), cty.MustParseNumberVal("1e400"), "1e+400 is too large"},
		"between":      {Within(0, 2).Check, n(2), ""},
		"outside":      {Within(0, 2).Check, n(2.1), "2.1 is not between 0 and 2"},
		"positive":     {Positive, n(0.1), ""},
		"zero":         {Positive, n(0), "0 is not above zero"},
		"no time":      {Positive, cty.StringVal("0s"), `"0s" is no time at all; leave it out or give more`},
		"not empty":    {NotEmpty, cty.StringVal("x"), ""},
		"blank":        {NotEmpty, cty.StringVal(" "), "it is empty; leave it out or fill it"},
		"empty list":   {NotEmpty, cty.ListValEmpty(cty.String), "it is empty; leave it out or fill it"},
		"percent":      {func(v cty.Value) error { _, err := ParsePercent(v.AsString()); return err }, cty.StringVal("1"), `"1" is not a percentage; write it with its sign: "1%"`},
		"no number":    {func(v cty.Value) error { _, err := ParsePercent(v.AsString()); return err }, cty.StringVal("NaN%"), `"NaN%" is not a percentage; write a number that is not negative before the sign: "0.5%"`},
		"negative":     {func(v cty.Value) error { _, err := ParseDuration(v.AsString()); return err }, cty.StringVal("-1s"), `"-1s" is negative`},
		"not duration": {func(v cty.Value) error { _, err := ParseDuration(v.AsString()); return err }, cty.StringVal("soon"), `"soon" is not a duration; write a number with a unit: "500ms", "30s", "20m", "1h30m"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := tt.check(tt.in); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"users", "requests", "gpus", "gpu_type", "isl", "osl"}
	for given, want := range map[string]string{
		"user": "users", "usres": "users", "GPUs": "gpus", "request": "requests", "gpu-type": "gpu_type",
		"latency": "", "x": "", "": "", strings.Repeat("users", 1000): "",
	} {
		if got := Suggest(given, names); got != want {
			t.Errorf("Suggest(%.20q) = %q, want %q", given, got, want)
		}
	}
}

func TestJoinRefusesTakenNames(t *testing.T) {
	defer func() {
		if got, want := fmt.Sprint(recover()), "block: argument ttl is the language's own; choose another name"; got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	ttl := Body{Args: []Arg{{Name: "ttl", Type: cty.String}}}
	ttl.Join(ttl)
}

func TestRedactKeepsTypes(t *testing.T) {
	in := cty.ObjectVal(map[string]cty.Value{
		"numbers": cty.ListVal([]cty.Value{cty.Zero, cty.NumberIntVal(1).Mark(Sensitive)}),
		"whole":   cty.ObjectVal(map[string]cty.Value{"x": cty.StringVal("hunter2")}).Mark(Sensitive),
		"set":     cty.SetVal([]cty.Value{cty.StringVal("a")}).Mark(Sensitive),
	})
	want := cty.ObjectVal(map[string]cty.Value{
		"numbers": cty.ListVal([]cty.Value{cty.Zero, cty.NullVal(cty.Number)}),
		"whole":   cty.NullVal(cty.Object(map[string]cty.Type{"x": cty.String})),
		"set":     cty.NullVal(cty.Set(cty.String)),
	})
	if diff := cmp.Diff(want, Redact(in), sameValue); diff != "" {
		t.Errorf("redacted (-want +got):\n%s", diff)
	}
	if _, err := CanonicalJSON(cty.DynamicVal); err == nil || err.Error() != "write canonical JSON: the value is not fully known" {
		t.Errorf("canonical JSON of an unknown value: %v", err)
	}
}

func TestTextHides(t *testing.T) {
	type holder struct {
		Token Text
		All   []Text
	}
	secret, open := NewText(cty.StringVal("hunter2").Mark(Sensitive)), NewText(cty.StringVal("visible"))
	h := holder{secret, []Text{open, secret}}
	encoded, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{string(encoded), fmt.Sprintf("%v", h), fmt.Sprintf("%+v", h), fmt.Sprintf("%#v", h), fmt.Sprintf("%s %q %x %d", secret, secret, secret, secret), secret.String()} {
		if strings.Contains(got, "hunter2") || strings.Contains(got, "68756e746572") || !strings.Contains(got, "(sensitive)") {
			t.Errorf("printed as %s", got)
		}
	}
	if got := fmt.Sprintf("%q %5.3s %v", open, open, open); got != `"visible"   vis visible` {
		t.Errorf("an open text prints as %s", got)
	}
}
