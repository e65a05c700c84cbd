package scripttest

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// maxTests is how many files of tests a folder may have.
const maxTests = 1000

var endings = []string{".test.ts", ".test.mts", ".test.js", ".test.mjs"}

// IsTest reports whether a file has tests, by its name.
func IsTest(file string) bool {
	return slices.ContainsFunc(endings, func(end string) bool { return strings.HasSuffix(file, end) })
}

// Find lists the files of tests in a folder and those below it, relative to it and
// sorted. Packages and hidden folders are left out.
func Find(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			if path != dir {
				return nil // gone, or not ours to read
			}
			return err
		case d.IsDir():
			if name := d.Name(); path != dir && (name == "node_modules" || strings.HasPrefix(name, ".")) {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || !IsTest(path):
			return nil
		case len(files) == maxTests:
			return fmt.Errorf("over %d files of tests", maxTests)
		}
		rel, err := filepath.Rel(dir, path)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	slices.Sort(files)
	return files, err
}
