package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/strangeloopio/inferencex/stages/deploy"
)

// mostLog is how much of the end of a log is read, in bytes.
const mostLog = 1 << 20

// Logs reads the end of the server's log.
func (p *Provider) Logs(_ context.Context, h deploy.Handle, lines int) ([]string, error) {
	path, err := p.logPath(h)
	if path == "" || err != nil {
		return nil, err
	}
	text, err := readEnd(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the server's log: %w", err)
	}
	text = bytes.TrimRight(text, "\n")
	if len(text) == 0 {
		return nil, nil
	}
	all := strings.Split(string(text), "\n")
	return all[max(0, len(all)-lines):], nil
}

// logPath is where the server's log is; empty for a server that another process started and that has ended.
func (p *Provider) logPath(h deploy.Handle) (string, error) {
	if own := p.own(h.Token); own != nil {
		return own.log, nil
	}
	if h.ID == "" {
		return "", nil
	}
	where, err := parseID(h.ID)
	if err != nil {
		return "", err
	}
	guard, there := where.guard(h.Token)
	if !there {
		return "", nil
	}
	path, err := guard.Output()
	if err != nil {
		return "", fmt.Errorf("find the server's log: %w", err)
	}
	return path, nil
}

func readEnd(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil {
		return nil, err
	} else if skip := info.Size() - mostLog; skip > 0 {
		if _, err := file.Seek(skip, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(file)
}

// hideSecrets takes what the server has written of its secrets out of its log, once it has ended: until then the file is the server's, and for this
// user alone to read. A log that cannot be written anew stays as it is, for this user alone. That of a server whose inferencex died keeps them, too:
// nobody knows them any more.
func (i *instance) hideSecrets() {
	log, err := os.Open(i.log)
	if err != nil {
		return
	}
	defer log.Close()
	clean, err := os.CreateTemp(filepath.Dir(i.log), ".server.*.tmp") // for this user alone, like the log
	if err != nil {
		return
	}
	defer os.Remove(clean.Name())
	changed, err := i.copyWithoutSecrets(clean, log)
	if err = errors.Join(err, clean.Close()); err == nil && changed {
		_ = os.Rename(clean.Name(), i.log)
	}
}

func (i *instance) copyWithoutSecrets(to io.Writer, from io.Reader) (changed bool, err error) {
	lines, out := bufio.NewReader(from), bufio.NewWriter(to)
	for {
		line, err := lines.ReadString('\n')
		hidden := i.secrets.Redact(line)
		changed = changed || hidden != line
		if _, writeErr := out.WriteString(hidden); writeErr != nil {
			return false, writeErr
		}
		if errors.Is(err, io.EOF) {
			return changed, out.Flush()
		}
		if err != nil {
			return false, err
		}
	}
}
