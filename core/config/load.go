package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Files says what happens when a file or program that the config names is not there.
type Files int

// What happens.
const (
	// WarnFiles gives a warning. `config check` uses it: the file may be written
	// on one machine for another.
	WarnFiles Files = iota
	// RequireFiles gives an error. `serve` uses it.
	RequireFiles
	// IgnoreFiles does not look.
	IgnoreFiles
)

// Options are how a config is read. The zero value is that of `config check`.
type Options struct {
	// LookupEnv finds environment variables for env(). Nil: those of the process.
	LookupEnv func(name string) (value string, set bool)
	// Files is what to do about missing files.
	Files Files
	// Dir is the folder that relative paths start from. Load ignores it. Empty:
	// the working folder.
	Dir string
}

// maxFile bounds a config file, in bytes.
const maxFile = 1 << 20

// Load reads a config file. The Config is nil exactly if the diagnostics have
// errors; warnings come along with it. The file is named in the diagnostics as
// it is here.
func Load(path string, o Options) (*Config, Diagnostics) {
	src, err := readFile(path)
	if err != nil {
		return nil, Diagnostics{{Severity: Error, File: path, Text: unreadable(err), Help: unreadableHelp(err)}}
	}
	o.Dir = filepath.Dir(path)
	return Parse(path, src, o)
}

// Parse reads a config from memory; name is what diagnostics call it. Else it is
// as Load. It panics at no input, and each diagnostic has a line and a column.
func Parse(name string, src []byte, o Options) (*Config, Diagnostics) {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		dir = o.Dir
	}
	r := newReader(name, dir, src, o)
	body := r.parse()
	if body == nil {
		r.diags.sort()
		return nil, r.diags
	}
	c := r.config(body)
	r.diags.sort()
	if r.diags.HasErrors() {
		return nil, r.diags
	}
	return c, r.diags
}

// AdminListen reads server.admin_listen alone, for commands that talk to a running
// server: what else a file needs, such as the environment of that server, is not
// asked for. It is empty exactly if the diagnostics have errors.
func AdminListen(path string, o Options) (string, Diagnostics) {
	src, err := readFile(path)
	if err != nil {
		return "", Diagnostics{{Severity: Error, File: path, Text: unreadable(err), Help: unreadableHelp(err)}}
	}
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	r := newReader(path, "", src, o)
	body := r.parse()
	address := ""
	if body != nil {
		s := &section{r: r, body: &hclsyntax.Body{}}
		for _, b := range body.Blocks {
			if b.Type == "server" {
				s.body = b.Body
			}
		}
		address = get(s, "admin_listen", defaultAdminListen, of(listen))
	}
	r.diags.sort()
	if r.diags.HasErrors() {
		return "", r.diags
	}
	return address, r.diags
}

var errTooBig = fmt.Errorf("it is over %d KiB", maxFile>>10)

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(src) > maxFile {
		err = errTooBig
	}
	return src, err
}

func unreadable(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Sprintf("This config file cannot be read: %s.", err)
}

func unreadableHelp(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "Start in the folder that has one, or name it: -config FILE."
	}
	return ""
}
