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

// leaves starts two processes in the background, the second in a separate process group,
// and prints their ids and TMPDIR.
const leaves = `
sleep 600 & echo $!
set -m
sleep 600 & echo $!   # in a separate process group, like a server
set +m
echo "$TMPDIR"
`

// TestServicesLeavesNothing runs scripts/services with a command that starts background
// processes, and ends it in each possible way: no process and no file is left.
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
				t.Fatalf("got output %q, want three lines", lines)
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
				t.Errorf("got exit code %d, want %d", got, c.code)
			}
			awaitGone(t, c.signal == syscall.SIGKILL, lines)
		})
	}
}

// awaitGone fails the test unless the processes and the folder are gone: at once, or if
// later is set, within testenv.Patience.
func awaitGone(t *testing.T, later bool, lines []string) {
	t.Helper()
	var left []string
	gone := func() bool {
		left = nil
		for _, pid := range lines[:2] {
			if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !strings.Contains(string(stat), ") Z ") {
				left = append(left, "process "+pid)
			}
		}
		if _, err := os.Stat(lines[2]); !errors.Is(err, os.ErrNotExist) {
			left = append(left, lines[2])
		}
		return len(left) == 0
	}
	if later {
		testenv.Eventually(t, "processes and folder are gone", gone)
	} else if !gone() {
		t.Errorf("got %v left, want nothing", left)
	}
}
