//go:build !linux

package memory

import "errors"

// Kept says who keeps the bounds on this system; empty: nobody.
const Kept = ""

// LimitSelf bounds nothing: this system has no limit that fits.
func LimitSelf(int64) error { return nil }

// Limit bounds nothing: this system has no limit that fits.
func Limit(int, int64) error { return nil }

// Used is how many bytes a process uses, which this system does not tell.
func Used(int) (int64, error) { return 0, errors.New("not on this system") }
