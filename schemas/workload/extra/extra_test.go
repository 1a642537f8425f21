package extra

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

func value(t *testing.T, text string) cty.Value {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "e.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return v
}

func check(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestBody(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"members":   {`{ top_k = 20, seed = 1, chat_template_kwargs = { enable_thinking = false }, stop = ["a"] }`, ""},
		"nothing":   {`{}`, ""},
		"left out":  {`{ min_tokens = null, ignore_eos = null, temperature = null }`, ""},
		"not ours":  {`{ model = "m" }`, `"model" cannot be set here: the deployment's model is asked for`},
		"not null":  {`{ max_tokens = null }`, `"max_tokens" cannot be set here: osl sets it`},
		"argument":  {`{ temperature = 1 }`, `"temperature" cannot be set here: the argument temperature sets it; null leaves it out of the request`},
		"least":     {`{ min_tokens = 1 }`, `"min_tokens" cannot be set here: the argument ignore_eos sets it to osl; null leaves it out of the request`},
		"prompt":    {`{ prompt = "a" }`, `"prompt" cannot be set here: prompts are made to have isl tokens`},
		"chat":      {`{ messages = [] }`, `"messages" cannot be set here: prompts are made to have isl tokens`},
		"several":   {`{ n = 2, stream = false }`, `"n" cannot be set here: a request has one answer. "stream" cannot be set here: answers are measured as they stream, and tell how many tokens they have`},
		"usage":     {`{ stream_options = {} }`, `"stream_options" cannot be set here: answers are measured as they stream, and tell how many tokens they have`},
		"other api": {`{ max_completion_tokens = 5 }`, `"max_completion_tokens" cannot be set here: osl sets it`},
		"a list":    {`["top_k"]`, `a list is no object; write members of the request's body, such as { top_k = 20 }`},
		"a text":    {`"top_k=1"`, `a string is no object; write members of the request's body, such as { top_k = 20 }`},
	} {
		t.Run(name, func(t *testing.T) { check(t, Body(value(t, tc.text)), tc.want) })
	}
}

func TestHeaders(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"headers":   {`{ X-Tier = "gold", "x_y.z" = "", Authorization = "Bearer a", User-Agent = "me" }`, ""},
		"left out":  {`{ X-Tier = null, Content-Length = null }`, ""},
		"ours":      {`{ x-request-id = "1" }`, "x-request-id cannot be set here: the request itself decides it"},
		"host":      {`{ Host = "a" }`, "Host cannot be set here: the request itself decides it"},
		"twice":     {`{ X-A = "1", x-a = "2" }`, "X-A and x-a are one header"},
		"no name":   {`{ "X A" = "1", "" = "2" }`, `"" is no name of a header: it has letters, digits and dashes. "X A" is no name of a header: it has letters, digits and dashes`},
		"two lines": {`{ X-A = "a\r\nX-B: b" }`, "the value of X-A has a line break or another control character"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := convert.Convert(value(t, tc.text), cty.Map(cty.String))
			if err != nil {
				t.Fatal(err)
			}
			check(t, Headers(v), tc.want)
		})
	}
}
