package table

import (
	"bytes"
	"encoding/base64"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// storedSchemaKey is where a Parquet file keeps its Arrow schema, in which units and docs stand: a stream of Arrow without
// rows, in base64. Every Arrow library looks there.
const storedSchemaKey = "ARROW:schema"

// storeSchema makes the value of storedSchemaKey. Like a journal it is written in frames, because arrow-go reads
// it on opening a file, and a damaged one would claim all memory.
func storeSchema(s *arrow.Schema, mem memory.Allocator) (string, error) {
	var buf bytes.Buffer
	w := ipc.NewWriterWithPayloadWriter(&frameWriter{w: &buf}, ipc.WithSchema(s), ipc.WithAllocator(mem))
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}

// soundSchema reports whether arrow-go can be let read a stored schema: whether it is whole, and storeSchema made it.
func soundSchema(stored string) bool {
	data, err := base64.StdEncoding.DecodeString(stored)
	if err != nil {
		return false
	}
	frames := newFrameReader(bytes.NewReader(data), int64(len(data)), memory.NewGoAllocator())
	defer frames.Release()
	_, err = frames.Message()
	return err == nil
}
