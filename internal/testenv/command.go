package testenv

import (
	"context"
	"os/exec"
	"syscall"

	"ranger/internal/tools/child"
)

// Command is exec.CommandContext for a process that must not outlive the test
// process. On Linux the kernel kills it when the test process ends, even if that is
// killed at its time limit and runs no cleanup.
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	child.EndWithParent(cmd, syscall.SIGKILL)
	return cmd
}
