package sandbox

import "syscall"

// attributes put a child into a group of its own, which Ctrl-C does not reach. It ends
// with us because its standard input does.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup does nothing: here only the process itself can be ended.
func killGroup(int) {}
