package local

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// logFile is the log of a server that is gone.
type logFile struct {
	id string
	at time.Time
}

// pruneLogs removes the oldest logs until keep of matches are left, and warm of
// servers that had none. Those of live servers stay.
func pruneLogs(dir string, keep, warm int, live func(id string) bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var ofMatches, ofWarm []logFile
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".log")
		info, err := e.Info()
		if !ok || err != nil || info.Mode()&fs.ModeType != 0 || live(id) {
			continue
		}
		if warmName.MatchString(id) {
			ofWarm = append(ofWarm, logFile{id, info.ModTime()})
		} else {
			ofMatches = append(ofMatches, logFile{id, info.ModTime()})
		}
	}
	for _, old := range append(beyond(ofMatches, keep), beyond(ofWarm, warm)...) {
		path := filepath.Join(dir, old.id+".log")
		_ = os.Remove(path + ".1")
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// beyond are the oldest of all but the keep newest.
func beyond(logs []logFile, keep int) []logFile {
	slices.SortFunc(logs, func(a, b logFile) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.id, b.id)) })
	return logs[min(keep, len(logs)):]
}
