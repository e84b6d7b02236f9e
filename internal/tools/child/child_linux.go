package child

import (
	"os/exec"
	"syscall"
)

func endWithParent(cmd *exec.Cmd, sig syscall.Signal) { attributes(cmd).Pdeathsig = sig }

func ownGroup(cmd *exec.Cmd) { attributes(cmd).Setpgid = true }

func attributes(cmd *exec.Cmd) *syscall.SysProcAttr {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	return cmd.SysProcAttr
}
