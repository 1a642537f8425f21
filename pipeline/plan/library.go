package plan

import "github.com/strangeloopio/inferencex/schemas/workload"

// libraryOf returns the contents of the files that cells name, by the digests that configurations hold.
func libraryOf(cells []*cell) workload.Library {
	library := workload.NewLibrary()
	for _, c := range cells {
		library.Lengths.Add(c.Input)
		library.Lengths.Add(c.Output)
		library.Lengths.Add(c.Workload.Turns)
		library.Traces.Add(c.Workload.Trace)
		library.Texts.Add(c.Workload.Dataset)
		if key := c.Model.Tokenizer.Key(); key != "" {
			library.AddTokenizer(key, c.Model.Tokenizer.Tokenizer)
		}
	}
	return library
}
