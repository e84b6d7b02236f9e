package main

import (
	"os/exec"
	"syscall"
)

// endWithUs has the kernel kill the process when this one ends, also where that was
// killed and stopped nothing. It does not hear of a Ctrl-C at our terminal: we end it
// ourselves.
func endWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
