package client

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case err != nil:
		return nil, errors.New("endpoint url: not a URL: want such as http://127.0.0.1:8000") // err repeats the text, which may hold a secret
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, fmt.Errorf("endpoint url %q: want http:// or https:// and a host", base.Redacted())
	case base.User != nil:
		return nil, errors.New("endpoint url: holds a user or password: name the variable that holds the key in api_key_env instead")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("endpoint url %q: want no query or fragment", base.Redacted())
	}
	// Suites often carry the base that OpenAI's own library wants, which ends in /v1.
	base.Path = strings.TrimSuffix(base.Path, "/v1")
	return base, nil
}

func hostPort(base *url.URL) string {
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	return net.JoinHostPort(base.Hostname(), port)
}

func (c *Client) setHeader(cfg Config) error {
	c.header = http.Header{
		"Content-Type":    {"application/json"},
		"Accept-Encoding": {"identity"},
		"User-Agent":      {"inferencex"},
	}
	for name, value := range cfg.Endpoint.Headers {
		c.header.Set(name, value)
		c.hide(value)
	}
	if err := c.setKey(cfg); err != nil {
		return err
	}
	for name, value := range cfg.Headers {
		c.header.Set(name, value)
	}
	for name, value := range cfg.SecretHeaders {
		c.header.Set(name, value)
		c.hide(value)
	}
	return c.writeFields()
}

// setKey adds the API key, if there is to be one.
func (c *Client) setKey(cfg Config) error {
	name := cfg.Endpoint.APIKeyEnv
	if name == "" {
		return nil
	}
	var key string
	if cfg.Getenv != nil {
		key = cfg.Getenv(name)
	}
	if key == "" {
		return fmt.Errorf("environment variable %s is empty: set it to the endpoint's API key", name)
	}
	c.header.Set("Authorization", "Bearer "+key)
	c.hide(key)
	return nil
}

// ours are the fields of a header that the client sets by itself: with others its requests could not be told apart on the connection.
var ours = []string{"Connection", "Content-Length", "Host", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "X-Request-Id"}

// writeFields checks the header and writes it as HTTP/1.1 has it, sorted by name.
func (c *Client) writeFields() error {
	for _, name := range slices.Sorted(maps.Keys(c.header)) {
		value := c.header.Get(name)
		switch {
		case !isToken(name):
			return fmt.Errorf("header %q: no name of a header; it may hold letters, digits and !#$%%&'*+-.^_`|~", name)
		case slices.Contains(ours, name):
			return fmt.Errorf("header %s: the client sets it by itself; leave it out", name)
		case strings.ContainsFunc(value, func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f }):
			return fmt.Errorf("header %s: its value holds a control character, such as the end of a line; remove it", name)
		}
		c.fields = fmt.Appendf(c.fields, "%s: %s\r\n", name, strings.Trim(value, " \t"))
	}
	return nil
}

func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}
