package testenv

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel kill the process when the thread that started it
// ends. The Go runtime keeps its threads until the process ends (unless a
// goroutine that is locked to one ends, which no test does).
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
