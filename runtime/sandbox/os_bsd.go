//go:build unix && !linux

package sandbox

import "syscall"

// attributes put a child into a group of its own, which an interrupt of the terminal
// does not reach. It ends with us because its standard input does.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
