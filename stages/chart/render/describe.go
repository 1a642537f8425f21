package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// pngHead is what every PNG begins with: the signature, and the header's chunk of 13 bytes between its length, its name and its sum.
const pngHead = 8 + 4 + 4 + 13 + 4

// Describe puts a text into a PNG under a keyword of its specification, such as "Description", for programs that say what a picture is of.
func Describe(picture []byte, keyword, text string) ([]byte, error) {
	if len(picture) < pngHead || !bytes.HasPrefix(picture, []byte("\x89PNG\r\n\x1a\n")) {
		return nil, fmt.Errorf("describe picture: it is no PNG")
	}
	// International text: keyword, not compressed, no language, no translated keyword.
	chunk := append([]byte("iTXt"), keyword...)
	chunk = append(append(chunk, 0, 0, 0, 0, 0), text...)
	var out bytes.Buffer
	out.Write(picture[:pngHead])
	out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)))
	out.Write(chunk)
	out.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk)))
	out.Write(picture[pngHead:])
	return out.Bytes(), nil
}
