// Command growth is the last step of `make growth`. It reads the figures of servers
// (compare -rows growth -json) and of benchmarks (go test -bench Growth), draws them by
// the number of sockets, and prints them as a table.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// run writes the drawing to a file and the table to stdout.
func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("growth", flag.ContinueOnError)
	flags.SetOutput(stderr)
	servers := flags.String("servers", "", "`file` written by compare -json")
	inProcess := flags.String("in-process", "", "`file` with the output of go test")
	drawing := flags.String("svg", "", "`file` to write the drawing to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f := make(figures)
	for name, read := range map[string]func(io.Reader) error{*servers: f.readServers, *inProcess: f.readInProcess} {
		if err := from(name, read); err != nil {
			return err
		}
	}
	panels, err := f.panels()
	if err != nil {
		return err
	}
	if err := os.WriteFile(*drawing, []byte(draw(panels)), 0o644); err != nil { //nolint:gosec // a picture of the docs
		return err
	}
	_, err = io.WriteString(stdout, table(panels))
	return err
}

func from(name string, read func(io.Reader) error) error {
	file, err := os.Open(name) //nolint:gosec // the caller's own
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	if err := read(file); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
