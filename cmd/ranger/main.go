// Command ranger pushes each trader's own orders and trades, as they happen, from
// RabbitMQ to their WebSockets.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"ranger/cmd/ranger/internal/cli"
	"ranger/cmd/ranger/internal/toolcmd"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() { // ends with the process
		<-signals
		cancel()
		<-signals
		os.Exit(report(errSecondSignal, os.Stderr))
	}()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	os.Exit(report(err, os.Stderr))
}

// errSecondSignal is reported if a second signal ends the process early.
var errSecondSignal = errors.New("second signal: exited immediately")

// commands is the command line.
type commands struct {
	Sandbox toolcmd.Sandbox `cmd:"" help:"Run a toy exchange with ranger inside, for a first look and for authors of clients."`
	Serve   serveCommand    `cmd:"" help:"Push events from RabbitMQ to WebSockets."`
	Health  healthCommand   `cmd:"" help:"Check whether the server on this machine is ready."`
	Publish publishCommand  `cmd:"" help:"Publish Orders or Trades as Peatio does."`
	Inspect inspectCommand  `cmd:"" help:"Show messages of the stream and why they were not delivered."`
	Audit   toolcmd.Audit   `cmd:"" help:"Check that every published event reaches its user's sockets."`
	Bench   toolcmd.Bench   `cmd:"" help:"Put a server under load and measure its cost."`
	Token   tokenCommand    `cmd:"" help:"Sign a session token as Barong does."`
	Keygen  keygenCommand   `cmd:"" help:"Generate a key pair for session tokens."`
	Version versionCommand  `cmd:"" help:"Print the version."`
}

// run executes the command line args. It returns when the command is done, or soon
// after ctx is.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	envErr := cli.LoadEnvironment(".env")
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(helpShown); !ok {
				panic(p)
			}
			err = nil
		}
	}()
	parser, err := kong.New(new(commands),
		kong.Name("ranger"),
		kong.Description("ranger pushes each trader's own orders and trades, as they happen, from RabbitMQ to their WebSockets."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { panic(helpShown{}) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(cli.Streams{Out: stdout, Err: stderr}, cli.Version(version)),
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return usageError{err}
	}
	if envErr != nil && command.Command() != "version" {
		return envErr
	}
	return command.Run()
}

// helpShown is the panic with which kong's --help leaves the parser.
type helpShown struct{}

// usageError is an invalid command line.
type usageError struct{ error }

// report prints err, unless it is nil, and returns the exit code: 2 for an invalid
// command line or configuration, 1 for any other error.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "ranger:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		_, _ = fmt.Fprintln(stderr, "See `ranger --help`, or `ranger <command> --help`.")
		return 2
	}
	if _, ok := errors.AsType[cli.ConfigError](err); ok {
		return 2
	}
	return 1
}
