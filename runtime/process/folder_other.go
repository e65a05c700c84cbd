//go:build !unix

package process

import "os"

// lockFile has no lock that others could try.
func lockFile(string) (*os.File, error) { return nil, nil }

// abandonedLock never finds one.
func abandonedLock(string) (*os.File, bool) { return nil, false }
