// Command compare is `make bench`: it measures ranger and the bare loop side by
// side, interleaved, and prints what each costs, and the ratio of the two. It
// takes RABBITMQ_URL, and measures what it builds from this module.
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
	"slices"
	"strings"
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

// settings are the command line.
type settings struct {
	broker string
	rounds int
	scale  float64
	json   string // a file's name; empty: none
	rows   []string

	// servers is the directory of both binaries; empty: they are built.
	servers string
	// env is what servers are told beside what a row needs.
	env []string
}

func parse(args []string, broker string, stderr io.Writer) (settings, error) {
	s := settings{broker: broker}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&s.rounds, "rounds", 5, "how often each row is measured")
	flags.Float64Var(&s.scale, "scale", 1, "how much of users and events, for a quick look")
	flags.StringVar(&s.json, "json", "", "a `file` to write all figures to")
	names := flags.String("rows", strings.Join(usualRows(), ","), "which rows to measure; "+rowGrowth+" is another")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.rows = strings.Split(*names, ",")
	for _, name := range s.rows {
		if !slices.Contains(rowNames(), name) {
			return s, fmt.Errorf("-rows: %q is none of %s", name, strings.Join(rowNames(), ", "))
		}
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("%q: want flags alone", flags.Arg(0))
	case s.rounds < 1 || s.scale <= 0:
		return s, errors.New("-rounds and -scale must be more than 0")
	case s.broker == "":
		return s, errors.New("RABBITMQ_URL is not set: use `make bench`, or `scripts/services go run ./internal/tools/bench/compare`")
	}
	return s, nil
}

// errFaults says that figures are worth nothing, since a server did wrong.
var errFaults = errors.New("there were faults: see above")

// run measures, and prints the table to stdout.
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

// compare is run, once the command line has been read.
func compare(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	l, err := newLab(ctx, s, stderr)
	if err != nil {
		return err
	}
	defer l.close()
	err = l.measure(ctx)
	// What has been measured is shown whatever became of the rest.
	return errors.Join(err, write(&l.results, s, stdout))
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
