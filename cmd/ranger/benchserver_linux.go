package main

import (
	"os/exec"
	"syscall"
)

// endWithUs has the process hear of our end, whatever it is, and not of a Ctrl-C at
// our terminal: we end it ourselves.
func endWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
