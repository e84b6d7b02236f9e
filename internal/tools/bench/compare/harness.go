package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"ranger/internal/tools/bench"
)

// harness measures the rows. One goroutine uses it.
type harness struct {
	settings
	dir      string // temporary directory
	log      io.Writer
	variants []variant // servers to measure, the baseline last
	rsa      tokens    // for rows that measure the verification of tokens
	ed25519  tokens    // for the others: signs 10,000 tokens in a moment
	cert     *certificate
	results  results
	faults   bool // a server had faults
}

func newHarness(ctx context.Context, s settings, log io.Writer) (*harness, error) {
	dir, err := os.MkdirTemp("", "ranger-bench-")
	if err != nil {
		return nil, err
	}
	h := &harness{settings: s, dir: dir, log: log}
	h.variants, err = s.variants(ctx, dir)
	if err == nil {
		h.rsa, err = newTokens("RS256")
	}
	if err == nil {
		h.ed25519, err = newTokens("EdDSA")
	}
	if err == nil {
		h.cert, err = newCertificate(dir)
	}
	if err != nil {
		h.close()
		return nil, err
	}
	for _, v := range h.variants {
		h.results.variants = append(h.results.variants, v.name)
	}
	return h, nil
}

func (h *harness) close() { _ = os.RemoveAll(h.dir) } //nolint:gosec // created by newHarness

// measure measures all requested rows.
func (h *harness) measure(ctx context.Context) error {
	for round := range h.rounds {
		for _, r := range rows(h.scale) {
			if !slices.Contains(h.rows, r.name) {
				continue
			}
			for _, source := range r.sources {
				for _, v := range h.order(round) {
					if r.rangerOnly && v.name == baseline {
						continue
					}
					if err := h.run(ctx, round, r, source, v); err != nil {
						return fmt.Errorf("%s, %s, %s: %w", r.name, source, v.name, err)
					}
				}
			}
		}
	}
	if slices.Contains(h.rows, rowRead) {
		if err := h.measureStart(ctx); err != nil {
			return fmt.Errorf("%s: %w", rowRead, err)
		}
	}
	if slices.Contains(h.rows, rowNodes) {
		if err := h.measureNodes(ctx); err != nil {
			return fmt.Errorf("%s: %w", rowNodes, err)
		}
	}
	if h.faults {
		return errFaults
	}
	return nil
}

// order returns the servers, another one first in each round, so that none always has
// the quieter machine.
func (h *harness) order(round int) []variant {
	first := round % len(h.variants)
	return slices.Concat(h.variants[first:], h.variants[:first])
}

// rangers returns the variants of ranger.
func (h *harness) rangers() []variant { return h.variants[:len(h.variants)-1] }

// run measures a row once, on a new server.
func (h *harness) run(ctx context.Context, round int, r row, source string, v variant) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	scenario, err := find(r.scenario)
	if err != nil {
		return err
	}
	names, key := newBrokerNames(h.broker, r.sourceOf(v.name, source)), h.ed25519
	if r.name == "connect" {
		key = h.rsa
	}
	defer func() { err = errors.Join(err, names.remove(ctx)) }()
	load, env := r.load, names.environment(key, node)
	if r.overTLS {
		load.TLS, env = h.cert.clients, append(env, h.cert.environment()...)
	}
	s, err := h.start(ctx, v, env)
	if err != nil {
		return err
	}
	load.Patience = patience
	load.URL, load.Server, load.PID = s.url, v.name, int(s.process())
	load.Token, load.Connect = key.sign, names.connect
	report, err := scenario.Run(ctx, load)
	if err = errors.Join(err, s.stop()); err != nil {
		return err
	}
	if report.Faults.Any() {
		h.faults = true
		h.logf("round %d, %s, %s, %s: FAULTS: %+v", round+1, r.name, source, v.name, report.Faults)
	}
	for _, f := range r.figures {
		value, ok := f.of(&report)
		if !ok {
			return fmt.Errorf("the load test has no figure for %q", f.title)
		}
		h.add(round, f, source, v.name, value)
		if f.fed == nil {
			continue
		}
		fed, ok := f.fed(&report)
		if !ok {
			return fmt.Errorf("the load test has no rate of the broker for %q", f.title)
		}
		h.results.addFed(f, source, v.name, fed)
	}
	return nil
}

// start starts a server and returns when it has caught up. The caller stops it.
func (h *harness) start(ctx context.Context, v variant, env []string) (*server, error) {
	return start(ctx, v, h.dir, slices.Concat(env, h.env))
}

// add stores and logs a figure.
func (h *harness) add(round int, f figure, source, variant string, value float64) {
	h.logf("round %d/%d: %s, %s, %s: %s %s", round+1, h.rounds, f.title, source, variant, number(value), f.unit)
	h.results.add(f, source, variant, value)
}

func (h *harness) logf(format string, args ...any) {
	_, _ = fmt.Fprintf(h.log, format+"\n", args...)
}

func find(name string) (bench.Scenario, error) {
	for _, s := range bench.Scenarios() {
		if s.Name == name {
			return s, nil
		}
	}
	return bench.Scenario{}, fmt.Errorf("the load test has no scenario %q", name)
}
