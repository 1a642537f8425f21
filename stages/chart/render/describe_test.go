package render_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// A picture with a text is the same picture, to a decoder that checks every sum, and holds the text.
func TestDescribe(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 3, 2))
	img.Set(1, 1, color.RGBA{R: 200, A: 255})
	var plain bytes.Buffer
	if err := png.Encode(&plain, img); err != nil {
		t.Fatal(err)
	}
	described, err := render.Describe(plain.Bytes(), "Description", "2 × H100 (simulated)")
	if err != nil {
		t.Fatal(err)
	}
	back, err := png.Decode(bytes.NewReader(described))
	if err != nil || back.Bounds() != img.Bounds() || color.RGBAModel.Convert(back.At(1, 1)) != img.At(1, 1) {
		t.Errorf("%v: %v, want the same picture", err, back)
	}
	if !bytes.Contains(described, []byte("Description\x00\x00\x00\x00\x002 × H100 (simulated)")) {
		t.Error("the text is not in it")
	}
	if _, err := render.Describe([]byte("GIF89a"), "Description", "x"); err == nil || err.Error() != "describe picture: it is no PNG" {
		t.Errorf("of another file: %v", err)
	}
}
