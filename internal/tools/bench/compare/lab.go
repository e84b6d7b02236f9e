package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"ranger/internal/tools/bench"
)

// lab measures. It is for one goroutine.
type lab struct {
	settings
	dir     string // for what it makes
	told    io.Writer
	rsa     tokens // where the cost of checking them is measured
	ed25519 tokens // else: 10,000 of them are signed in a moment
	secure  *secure
	results results
	faults  bool // a server did wrong
}

func newLab(ctx context.Context, s settings, stderr io.Writer) (*lab, error) {
	dir, err := os.MkdirTemp("", "ranger-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{settings: s, dir: dir, told: stderr}
	if l.servers == "" {
		l.servers, err = dir, build(ctx, dir, []string{"CGO_ENABLED=0"}) // as it is released
	}
	if err == nil {
		l.rsa, err = newTokens("RS256")
	}
	if err == nil {
		l.ed25519, err = newTokens("EdDSA")
	}
	if err == nil {
		l.secure, err = newSecure(dir)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) } //nolint:gosec // made by us

// measure measures all rows that are asked for.
func (l *lab) measure(ctx context.Context) error {
	for round := range l.rounds {
		// Who comes first changes, so that neither has the quieter machine.
		servers := []string{ranger, bareLoop}
		if round%2 == 1 {
			slices.Reverse(servers)
		}
		for _, r := range rows(l.scale) {
			if !slices.Contains(l.rows, r.name) {
				continue
			}
			for _, source := range r.sources {
				for _, server := range servers {
					if r.alone && server != ranger {
						continue
					}
					if err := l.run(ctx, round, r, source, server); err != nil {
						return fmt.Errorf("%s, %s, %s: %w", r.name, source, server, err)
					}
				}
			}
		}
	}
	if slices.Contains(l.rows, rowRead) {
		if err := l.reading(ctx); err != nil {
			return fmt.Errorf("%s: %w", rowRead, err)
		}
	}
	if slices.Contains(l.rows, rowNodes) {
		if err := l.nodes(ctx); err != nil {
			return fmt.Errorf("%s: %w", rowNodes, err)
		}
	}
	if l.faults {
		return errFaults
	}
	return nil
}

// run measures a row once, of a fresh server.
func (l *lab) run(ctx context.Context, round int, r row, source, name string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	scenario, err := find(r.scenario)
	if err != nil {
		return err
	}
	p, key := newPlace(l.broker, r.sourceOf(name, source)), l.ed25519
	if r.name == "connect" {
		key = l.rsa
	}
	defer func() { err = errors.Join(err, p.remove(ctx)) }()
	load, env := r.load, p.environment(key, node)
	if r.secure {
		load.TLS, env = l.secure.clients, append(env, l.secure.environment()...)
	}
	s, err := l.start(ctx, name, env)
	if err != nil {
		return err
	}
	load.Patience = patience
	load.URL, load.Server, load.PID = s.url, name, int(s.process())
	load.Token, load.Connect = key.sign, p.connect
	report, err := scenario.Run(ctx, load)
	if err = errors.Join(err, s.stop()); err != nil {
		return err
	}
	if report.Faults.Any() {
		l.faults = true
		l.tell("round %d, %s, %s, %s: FAULTS: %+v", round+1, r.name, source, name, report.Faults)
	}
	for _, f := range r.figures {
		v, ok := f.of(&report)
		if !ok {
			return fmt.Errorf("the load test does not tell %s", f.title)
		}
		l.add(round, f, source, name, v)
		if err := l.addFed(f, source, name, &report); err != nil {
			return err
		}
	}
	return nil
}

// start starts a server of that name, and returns when it has caught up. Stop it.
func (l *lab) start(ctx context.Context, name string, env []string) (*server, error) {
	return start(ctx, filepath.Join(l.servers, name), slices.Concat(env, l.env))
}

// add notes a figure, and tells it.
func (l *lab) add(round int, f figure, source, server string, value float64) {
	l.tell("round %d/%d: %s, %s, %s: %s %s", round+1, l.rounds, f.title, source, server, number(value), f.unit)
	l.results.add(f, source, server, value)
}

// addFed notes what the broker fed ranger of a figure, if that may be its limit.
func (l *lab) addFed(f figure, source, server string, report *bench.Report) error {
	if f.fed == nil || server != ranger {
		return nil
	}
	v, ok := f.fed(report)
	if !ok {
		return fmt.Errorf("the load test does not tell what the broker fed of %s", f.title)
	}
	line := l.results.line(f, source)
	line.fed = append(line.fed, v)
	return nil
}

func (l *lab) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(l.told, format+"\n", args...)
}

func find(name string) (bench.Scenario, error) {
	for _, s := range bench.Scenarios() {
		if s.Name == name {
			return s, nil
		}
	}
	return bench.Scenario{}, fmt.Errorf("the load test has no scenario %q", name)
}
