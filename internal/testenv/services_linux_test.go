package testenv_test

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"ranger/internal/testenv"
)

// leaves starts two processes in the background, the second in a process group of
// its own, and prints their ids and TMPDIR.
const leaves = `
sleep 600 & echo $!
set -m
sleep 600 & echo $!   # in a process group of its own, as a server's
set +m
echo "$TMPDIR"
`

// TestServicesLeavesNothing runs scripts/services with a command that leaves
// processes behind, and ends it in each way.
func TestServicesLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		script string
		signal syscall.Signal
		code   int // of the exit, -1 after SIGKILL
	}{
		{name: "the command ends", script: leaves + "exit 3", code: 3},
		{name: "SIGINT", script: leaves + "sleep 600", signal: syscall.SIGINT, code: 130},
		{name: "SIGTERM", script: leaves + "sleep 600", signal: syscall.SIGTERM, code: 143},
		{name: "SIGKILL", script: leaves + "sleep 600", signal: syscall.SIGKILL, code: -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := testenv.Command(t.Context(), "env", "--default-signal=INT", "../../scripts/services", "bash", "-c", c.script)
			cmd.Env = append(cmd.Environ(), "RABBITMQ_URL=unused", "REDIS_URL=unused", "TMPDIR="+t.TempDir())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for in := bufio.NewScanner(out); len(lines) < 3 && in.Scan(); {
				lines = append(lines, in.Text())
			}
			if len(lines) < 3 {
				t.Fatalf("the command printed %q", lines)
			}
			if c.signal != 0 {
				if err := cmd.Process.Signal(c.signal); err != nil {
					t.Fatal(err)
				}
			}
			state, err := cmd.Process.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if got := state.ExitCode(); got != c.code {
				t.Errorf("it ended with %d, want %d", got, c.code)
			}
			awaitGone(t, c.signal == syscall.SIGKILL, lines)
		})
	}
}

// awaitGone fails the test unless the processes and the folder are gone: at once, or
// if later is set, within testenv.Patience.
func awaitGone(t *testing.T, later bool, lines []string) {
	t.Helper()
	var there []string
	gone := func() bool {
		there = nil
		for _, pid := range lines[:2] {
			if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !strings.Contains(string(stat), ") Z ") {
				there = append(there, "process "+pid)
			}
		}
		if _, err := os.Stat(lines[2]); !errors.Is(err, os.ErrNotExist) {
			there = append(there, lines[2])
		}
		return len(there) == 0
	}
	if later {
		testenv.Eventually(t, "all is gone", gone)
	} else if !gone() {
		t.Errorf("still there: %v", there)
	}
}
