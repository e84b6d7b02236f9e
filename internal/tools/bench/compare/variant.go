package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"ranger/internal/tools/child"
)

// Names of variants.
const (
	ranger   = "ranger"   // the new program, IO_MODE=fast
	portable = "portable" // the new program, IO_MODE=portable
	old      = "old"      // the old program
	baseline = "baseline"
)

// variant is a server to measure: a program and how it is started.
type variant struct {
	name string
	path string
	args []string
	env  []string // in addition to the environment of the row
}

// variants returns all servers to measure, the baseline last. It builds the programs
// that are not given in dir.
func (s *settings) variants(ctx context.Context, dir string) ([]variant, error) {
	programs := s.servers
	switch {
	case s.built != "":
		dir = s.built
	default:
		packages := []string{"ranger/internal/tools/bench/baseline"}
		if len(programs) == 0 {
			packages = append(packages, "ranger/cmd/ranger")
		}
		if err := build(ctx, dir, []string{"CGO_ENABLED=0"}, packages...); err != nil { // as released
			return nil, err
		}
	}
	if len(programs) == 0 {
		programs = []string{filepath.Join(dir, ranger)}
	}
	var all []variant
	for i, path := range programs {
		path, err := filepath.Abs(path) // servers have a working directory of their own
		if err != nil {
			return nil, err
		}
		if i < len(programs)-1 {
			all = append(all, variant{name: old, path: path, args: []string{"serve"}}) // it may not know IO_MODE
			continue
		}
		for _, mode := range s.modes {
			name := map[string]string{modeFast: ranger, modePortable: portable}[mode]
			all = append(all, variant{name: name, path: path, args: []string{"serve"}, env: []string{"IO_MODE=" + mode}})
		}
	}
	return append(all, variant{name: baseline, path: filepath.Join(dir, baseline)}), nil
}

// build builds the programs of packages, or flags of `go build` and packages, in dir.
// env is added to this process's environment.
func build(ctx context.Context, dir string, env []string, arguments ...string) error {
	args := append([]string{"build", "-o", dir + string(filepath.Separator)}, arguments...)
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // arguments come from this program
	cmd.Env = append(os.Environ(), env...)
	child.OwnGroup(cmd)
	child.EndWithParent(cmd, syscall.SIGKILL)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the servers: %w\n%s", err, out)
	}
	return nil
}
