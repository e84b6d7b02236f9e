package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/tools/bench"
	"ranger/internal/tools/bench/show"
)

type benchCommand struct{ benchFlags }

// Help is what --help says beside the flags.
func (benchCommand) Help() string {
	var list strings.Builder
	for _, s := range bench.Scenarios() {
		fmt.Fprintf(&list, "  %-8s %s\n", s.Name, s.Help)
	}
	return `Puts a server under load and measures what it costs, and how late events are. It publishes trades of users that it makes up and opens sockets of theirs; every delivery is verified, and one that is missing, came twice or reached somebody else is a fault. docs/bench.md says what each figure means. The scenarios:

` + list.String() + `
Without --url each scenario has a server of its own on this machine: this program, with new keys, and a stream and exchanges that are deleted afterwards. What the environment says to ranger serve counts for it too, such as HISTORY_SIZE or GOGC.

With --url a server that runs is measured, through the exchanges that it reads from and with tokens that it takes: name its broker, and the private key. Its users notice the load.

  ranger bench all --html report.html
  ranger bench fanout --users 20 --sockets 5
  ranger bench latency --url ws://10.0.0.1:8080/ --rate 500 --duration 1m

Exit code 1: there were faults, or it could not be measured. Ctrl-C: ends, and prints the scenarios that are done; twice: at once.`
}

// errFaults says that a server did what must not happen.
var errFaults = errors.New("the server has failed")

// Run measures, and prints what it found.
func (cmd *benchCommand) Run(ctx context.Context, std streams) (err error) {
	s, err := cmd.settings()
	if err != nil {
		return err
	}
	page, err := s.openPage()
	if err != nil {
		return err
	}
	doc := show.Document{Machine: show.ThisMachine(version), Begun: time.Now(), Help: make(map[string]string)}
	doc.Notes = s.notes()
	failure := s.measureAll(ctx, std, &doc)
	if len(doc.Reports) == 0 {
		return errors.Join(failure, dropPage(page))
	}
	if cmd.JSON {
		err = doc.WriteJSON(std.out)
	} else {
		err = doc.WriteTable(std.out)
	}
	err = errors.Join(wrapIf("print the report", err), writePage(page, &doc))
	switch n := doc.Faults(); {
	case failure != nil:
		return errors.Join(failure, err)
	case err != nil:
		return err
	case n == 1:
		return fmt.Errorf("%w: 1 fault", errFaults)
	case n > 0:
		return fmt.Errorf("%w: %d faults", errFaults, n)
	}
	return nil
}

// measureAll runs the scenarios, one after another, until one cannot be.
func (s *benchSettings) measureAll(ctx context.Context, std streams, doc *show.Document) error {
	progress := show.NewLines(io.Discard)
	switch {
	case isTerminal(os.Stderr):
		progress = show.NewBars(std.err)
	case s.progress:
		progress = show.NewLines(std.err)
	}
	defer progress.End()
	for _, scenario := range s.scenarios {
		doc.Help[scenario.Name] = scenario.Help
		progress.Begin(scenario.Name)
		cfg := s.load
		cfg.Progress = progress.Tell
		report, err := s.measure(ctx, scenario, cfg)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", scenario.Name, errInterrupted)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", scenario.Name, err)
		}
		doc.Add(report)
	}
	return nil
}

// measure runs a scenario, on a server of its own where none is given.
func (s *benchSettings) measure(ctx context.Context, scenario bench.Scenario, cfg bench.Config) (report bench.Report, err error) {
	broker := s.broker
	if s.own != nil {
		server, err := s.own.start(ctx, scenario.Name, broker.URL)
		if err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, server.end()) }()
		cfg.URL, cfg.Server, broker = server.url, "a server of its own", server.broker
		if runtime.GOOS == "linux" {
			cfg.PID = server.pid()
		}
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(server.gone, func() { cancel(context.Cause(server.gone)) })()
	}
	cfg.Connect = func(ctx context.Context) (bench.Publisher, error) {
		p, err := amqp.NewBulkPublisher(ctx, broker.URL, broker.Exchanges)
		if err != nil {
			return nil, err
		}
		return &loader{p, context.AfterFunc(ctx, p.Close)}, nil // which ends a write that hangs, too
	}
	report, err = scenario.Run(ctx, cfg)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return report, err
}

// loader is a bench.Publisher that its context ends.
type loader struct {
	*amqp.BulkPublisher
	release func() bool
}

// Close ends the connection.
func (l *loader) Close() {
	l.release()
	l.BulkPublisher.Close()
}
