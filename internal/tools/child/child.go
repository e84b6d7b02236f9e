// Package child ties child processes to the process that starts them.
package child

import (
	"os/exec"
	"syscall"
)

// EndWithParent makes the kernel send sig to the process of cmd when this process
// ends, even if this process is killed and runs no cleanup (Linux; elsewhere it does
// nothing). Call it before cmd.Start.
//
// The kernel acts when the thread that started the child ends. The Go runtime keeps
// its threads until the process ends, unless a goroutine locked to one returns.
func EndWithParent(cmd *exec.Cmd, sig syscall.Signal) { endWithParent(cmd, sig) }

// OwnGroup starts the process of cmd in a process group of its own, so that a Ctrl-C at
// the terminal does not reach it (Linux; elsewhere it does nothing). Call it before
// cmd.Start.
func OwnGroup(cmd *exec.Cmd) { ownGroup(cmd) }
