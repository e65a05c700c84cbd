package process

import "io/fs"

// checkAccess leaves the access lists of Windows to its administrator.
func checkAccess(fs.FileInfo, string, string, bool) error { return nil }
