package scaffold

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

var (
	//go:embed templates/script/script.ts
	scriptSource string
	//go:embed templates/script/script.test.ts
	scriptTest string
)

// Script is the beginning of a hook script, with its test.
type Script struct {
	// Name is that of its file, without .ts.
	Name string
}

// Write writes the script and its test into a folder, which it makes if need be, and
// returns their paths. It writes over nothing.
func (s Script) Write(dir string) ([]string, error) {
	if !name.MatchString(s.Name) {
		return nil, fmt.Errorf(`%q cannot be the name of a script: it has 1 to 32 of a-z, 0-9, "_", "-", and begins with a letter or digit`, s.Name)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	files := []string{filepath.Join(dir, s.Name+".ts"), filepath.Join(dir, s.Name+".test.ts")}
	for _, file := range files {
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is there already: choose another name", file)
		}
	}
	for i, text := range []string{scriptSource, strings.ReplaceAll(scriptTest, "NAME", s.Name)} {
		if err := os.WriteFile(files[i], []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return files, nil
}
