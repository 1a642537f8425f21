package suite

import (
	"fmt"
	"path/filepath"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// textArgs are the arguments of a workload whose prompts are the texts of a file.
func textArgs() []block.Arg {
	return []block.Arg{
		{Name: "dataset", Type: cty.String, Check: block.NotEmpty, Doc: dataset.Doc},
		{Name: "unique", Type: cty.Bool, Default: cty.True, Doc: dataset.UniqueDoc},
		{Name: "keep", Type: cty.DynamicPseudoType, Check: dataset.CheckKeep, Schema: dataset.KeepSchema, Word: "object", Doc: dataset.KeepDoc},
	}
}

// decodeTexts reads a workload's dataset, with its input lengths and, where nobody gives others, those of its answers.
func (l *loader) decodeTexts(w *Workload, c *block.Content) {
	v := c.Value
	if !block.Has(v, "dataset") {
		for _, name := range []string{"unique", "keep"} {
			if _, given := c.Attrs[name]; given {
				l.broken[w] = true
				l.fail(c.ArgRange(name), "No dataset", "Workload %q sets %s, but has no dataset. Set dataset to a file of prompts, or take %s out.", w.Name, name, name)
			}
		}
		return
	}
	if block.Has(v, "trace") {
		l.alone(w, c, "a dataset", "and a trace has other prompts", []beside{{"trace", true}})
		return
	}
	l.alone(w, c, "a dataset", "whose prompts are sent as they are", []beside{{"isl", !w.Input.IsZero()}})
	if w.SharedPrefixShare > 0 {
		l.broken[w] = true
		l.fail(c.ArgRange("shared_prefix"), "Percentage of unknown lengths", "Workload %q has a dataset, whose prompts are of no given isl. Write shared_prefix as a number of tokens: they come on top.", w.Name)
	}
	path := block.String(v, "dataset")
	data, err := l.dataset(path)
	if err != nil {
		l.broken[w] = true
		l.diags = l.diags.Append(block.Invalid("dataset", err).At(c.Attrs["dataset"].Expr, nil))
		return
	}
	w.Dataset = &dataset.Use{Data: data, Unique: block.Bool(v, "unique")}
	if block.Has(v, "keep") {
		plain, _ := v.GetAttr("keep").UnmarkDeep()
		w.Dataset.Keep, _ = dataset.DecodeKeep(plain) // an error has been reported
	}
	w.Input, _ = length.OfTexts(path, data.Digest)
	if chat := data.Chat(); chat != nil && w.Endpoint != "chat" {
		l.broken[w] = true
		l.fail(c.ArgRange("dataset"), "Messages without chat", "Completions are asked one text, but the entry at %s:%d has %d messages. Set endpoint = \"chat\" in workload %q.", path, chat.Line, len(chat.Prompt()), w.Name)
	}
	if data.LeftOut > 0 {
		l.warn(c.ArgRange("dataset"), "Conversations left out", "%d of %d entries of %s cannot be asked, and are left out. The first of them: %s.", data.LeftOut, data.LeftOut+len(data.Entries), path, data.Because)
	}
}

// dataset reads a file of prompts, once for all workloads that ask it.
func (l *loader) dataset(path string) (*dataset.Dataset, error) {
	at := filepath.Join(l.src.Folder, path)
	if known, ok := l.datasets[at]; ok {
		return known, nil
	}
	text, err := l.src.Data(path)
	if err != nil {
		return nil, err
	}
	data, err := dataset.Read(path, text)
	if err == nil {
		l.datasets[at] = data
	}
	return data, err
}

// outputOf is the output length of a row's cell: what the row says, or the workload; of a dataset, else that of its answers.
func (l *loader) outputOf(w *Workload, r row) Lengths {
	if p := r.at("osl"); p != nil {
		return p.Lengths
	}
	if w.Dataset != nil && w.Output.IsZero() {
		_, answers := length.OfTexts(w.Dataset.Data.Path, w.Dataset.Data.Digest)
		return answers
	}
	return w.Output
}

// textsFault says why a row cannot be measured with its workload's dataset; empty where it can.
func (l *loader) textsFault(r row) string {
	w, m := l.workloads[r.id("workload")], l.models[r.id("model")]
	if w == nil || w.Dataset == nil || l.broken[w] || m == nil {
		return ""
	}
	data, counts := w.Dataset.Data, m.Tokenizer.Tokenizer != nil
	answered, exact := data.Answered()
	switch {
	case w.Dataset.Keep != (dataset.Keep{}) && !counts:
		return fmt.Sprintf("Workload %q keeps entries of its dataset by their tokens, but model %q has no tokenizer that counts them. Set the model's tokenizer, or take keep out.", w.Name, m.Name)
	case l.outputOf(w, r).Kind != length.Text:
	case answered == 0:
		return fmt.Sprintf("\"osl\" is missing: no entry of %s has an answer whose length it could be. Set it in workload %q, or in the benchmark.", data.Path, w.Name)
	case exact < answered && !counts:
		return fmt.Sprintf("\"osl\" is missing: answers of %s are texts, and model %q has no tokenizer that counts them. Set osl in workload %q, or the model's tokenizer.", data.Path, m.Name, w.Name)
	}
	return ""
}
