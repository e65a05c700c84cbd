//go:build !linux

package worker

// gentle does nothing: there is no such setting, or another one.
func gentle() {}
