package testenv

import (
	"context"
	"os/exec"
)

// Command is exec.CommandContext for a process that must not outlive the test
// process. On Linux the kernel kills it when the test process ends, also if that
// was killed at its time limit and ran no cleanup.
func Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	endWithParent(cmd)
	return cmd
}
