// Command compare is `make bench`. It measures ranger, in both values of IO_MODE, side
// by side with the baseline, and prints what each costs and the ratio of the two. It
// builds both from this module, or measures the ranger programs of -server: an old one
// and a new one in turn. It reads RABBITMQ_URL.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Getenv("RABBITMQ_URL"), os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// errFaults reports that a server had faults, so that its figures mean nothing.
var errFaults = errors.New("there were faults: see above")

// run measures and prints the table to stdout.
func run(ctx context.Context, args []string, broker string, stdout, stderr io.Writer) error {
	s, err := parse(args, broker, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return compare(ctx, s, stdout, stderr)
}

// compare is run without the command line.
func compare(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	h, err := newHarness(ctx, s, stderr)
	if err != nil {
		return err
	}
	defer h.close()
	err = h.measure(ctx)
	// The rows measured before an error are printed too.
	return errors.Join(err, write(&h.results, s, stdout))
}

func write(r *results, s settings, stdout io.Writer) error {
	if err := r.print(stdout); err != nil {
		return err
	}
	if s.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(r.summary(s), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.json, append(text, '\n'), 0o600) //nolint:gosec // the caller's own file
}
