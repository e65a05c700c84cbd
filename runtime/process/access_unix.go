//go:build unix

package process

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	groupWrites  fs.FileMode = 0o020
	othersWrites fs.FileMode = 0o002
)

// checkAccess refuses a file that others than its owner may change, or replace, in
// its folder or in that of the name by which it is called. In development the
// owner's group may.
func checkAccess(file fs.FileInfo, path, name string, development bool) error {
	forbidden := othersWrites | groupWrites
	if development {
		forbidden = othersWrites
	}
	if mode := file.Mode(); mode&forbidden != 0 {
		return fmt.Errorf("the file %s can be changed by others than its owner (%s): run chmod go-w on it", path, mode)
	}
	if file.Mode()&0o111 == 0 {
		return fmt.Errorf("the file %s cannot be executed: run chmod +x on it", path)
	}
	for _, folder := range []string{filepath.Dir(path), filepath.Dir(name)} {
		info, err := os.Stat(folder)
		if err != nil {
			return err
		}
		// In a sticky folder only the owner of a file may replace it.
		if mode := info.Mode(); mode&forbidden != 0 && mode&fs.ModeSticky == 0 {
			return fmt.Errorf("the folder %s can be changed by others than its owner (%s), so that they could replace the plugin: run chmod go-w on it", folder, mode)
		}
	}
	return nil
}
