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
)

// version is set by the linker.
var version = "dev"

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

// errSecondSignal is why the program ends before its work is done.
var errSecondSignal = errors.New("a second signal: ended at once")

// commands is the command line.
type commands struct {
	Sandbox sandboxCommand `cmd:"" help:"A toy exchange with ranger inside, to look at and to write clients against."`
	Serve   serveCommand   `cmd:"" help:"Push events from RabbitMQ to WebSockets."`
	Publish publishCommand `cmd:"" help:"Publish an Order or a Trade as Peatio does."`
	Inspect inspectCommand `cmd:"" help:"Show messages of the stream, and why they reached nobody."`
	Ledger  ledgerCommand  `cmd:"" help:"Publish for many users, and judge what their sockets get."`
	Bench   benchCommand   `cmd:"" help:"Put a server under load, and measure what it costs."`
	Token   tokenCommand   `cmd:"" help:"Sign a session token, as Barong would."`
	Keygen  keygenCommand  `cmd:"" help:"Make a key pair for session tokens."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }

// run does what args say until it is done or ctx is.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	envErr := loadEnvironment(".env")
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
		kong.Bind(streams{stdout, stderr}),
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

// helpShown is how kong's --help leaves the parser.
type helpShown struct{}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// report prints err, if there is one, and returns the exit code: 2 for what the
// caller has to write differently, 1 for what went wrong.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "ranger:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		_, _ = fmt.Fprintln(stderr, "See `ranger --help`, or `ranger <command> --help`.")
		return 2
	}
	if _, ok := errors.AsType[configError](err); ok {
		return 2
	}
	return 1
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, version)
	return err
}
