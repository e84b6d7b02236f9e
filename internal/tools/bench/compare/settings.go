package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Values of IO_MODE.
const (
	modeFast     = "fast"
	modePortable = "portable"
)

// settings are the command line.
type settings struct {
	broker string // URL
	rounds int
	scale  float64
	json   string // name of a file; empty: none
	rows   []string
	modes  []string // values of IO_MODE for the new program

	// servers are the paths of ranger programs: the new one, or the old and the new;
	// none: it is built.
	servers []string
	// built is a directory with programs built before, for tests; empty: build them.
	built string
	// env is added to the environment of every server.
	env []string
}

// parse reads the command line.
func parse(args []string, broker string, stderr io.Writer) (settings, error) {
	s := settings{broker: broker}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&s.rounds, "rounds", 5, "number of measurements of each row")
	flags.Float64Var(&s.scale, "scale", 1, "factor for users and events, below 1 for a quick look")
	flags.StringVar(&s.json, "json", "", "`file` to write all figures to")
	rows := flags.String("rows", strings.Join(usualRows(), ","), "comma list of rows to measure; "+rowGrowth+" is another one")
	modes := flags.String("io", modeFast+","+modePortable, "comma list of IO_MODE values to measure; an old program is measured without IO_MODE")
	flags.Func("server", "`path` of a ranger program to measure; given twice: the old one, then the new one", func(path string) error {
		s.servers = append(s.servers, path)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	s.rows, s.modes = strings.Split(*rows, ","), strings.Split(*modes, ",")
	return s, s.check(flags.Args())
}

func (s *settings) check(arguments []string) error {
	for _, name := range s.rows {
		if !slices.Contains(rowNames(), name) {
			return fmt.Errorf("-rows: %q: must be one of %s", name, strings.Join(rowNames(), ", "))
		}
	}
	for _, mode := range s.modes {
		if mode != modeFast && mode != modePortable {
			return fmt.Errorf("-io: %q: must be %s or %s", mode, modeFast, modePortable)
		}
	}
	switch {
	case len(arguments) > 0:
		return fmt.Errorf("%q: must be a flag", arguments[0])
	case s.rounds < 1 || s.scale <= 0:
		return errors.New("-rounds and -scale: must be above 0")
	case len(s.servers) > 2:
		return errors.New("-server: must be given twice at most")
	case s.broker == "":
		return errors.New("RABBITMQ_URL is not set: use `make bench`, or `scripts/services go run ./internal/tools/bench/compare`")
	}
	return nil
}
