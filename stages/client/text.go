package client

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const excerptBytes = 300

// hide keeps a secret out of excerpts. Values of a few bytes, such as "1", are no secrets and would eat the text.
func (c *Client) hide(secret string) {
	if len(secret) >= 6 {
		c.secrets = append(c.secrets, secret)
	}
}

// excerpt makes text that a server or a library wrote fit for a table: one line, valid UTF-8, short, without the endpoint's secrets.
func (c *Client) excerpt(text string) string {
	for _, secret := range c.secrets {
		text = strings.ReplaceAll(text, secret, "(sensitive)")
	}
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\ufffd"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if len(text) <= excerptBytes {
		return text
	}
	const mark = "…"
	cut := excerptBytes - len(mark)
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + mark
}
