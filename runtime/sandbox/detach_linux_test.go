package sandbox

import (
	"os/exec"
	"syscall"
)

// detach puts a process where its parent's group is not.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
