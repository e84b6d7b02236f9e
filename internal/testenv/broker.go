package testenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Broker is a RabbitMQ that only one test uses, run by scripts/broker. A start takes
// some eight seconds of CPU time, so tests share one unless they stop it or change its
// settings.
type Broker struct {
	Dir string // has the folder data and the file log
	URL string // amqp://…; the same after a restart

	tb testing.TB
}

// NewBroker starts a broker and kills it when the test ends. files maps names to
// contents that are written to Dir first: "rabbitmq.conf", or "none", which is read
// in place of rabbitmq-env.conf. As RabbitMQ does, it skips the test under -short and
// fails it without RABBITMQ_URL.
func NewBroker(tb testing.TB, files map[string]string) *Broker {
	tb.Helper()
	RabbitMQ(tb)
	b := &Broker{tb: tb, Dir: tb.TempDir()}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(b.Dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Cleanup(b.Kill)
	b.Start()
	return b
}

// Start starts the broker, on the port and with the data that it had before, and
// returns when it accepts connections. It ends with the test process.
func (b *Broker) Start() {
	b.tb.Helper()
	b.URL = b.run("start", b.Dir, "--owner", strconv.Itoa(os.Getpid()))
}

// Stop shuts the broker down cleanly and returns when it has ended.
func (b *Broker) Stop() { b.tb.Helper(); b.run("stop", b.Dir) }

// Kill ends the broker as a power failure does and returns when it has ended. It does
// nothing if the broker is not running.
func (b *Broker) Kill() { b.tb.Helper(); b.run("kill", b.Dir) }

// Eval evaluates Erlang expressions, which end with a period, in the broker and
// fails the test if one fails. It takes milliseconds, rabbitmqctl a second of CPU time.
func (b *Broker) Eval(expressions string) {
	b.tb.Helper()
	b.run("eval", b.Dir, expressions)
}

// Sync has the broker write its tables to disk. RabbitMQ 3.10 takes up to three
// seconds to write which streams it has; killed before that, it cannot find a new
// one again.
func (b *Broker) Sync() {
	b.tb.Helper()
	b.Eval(`dumped = mnesia:dump_log(), ok = mnesia:sync_log(), [ok = dets:sync(T) || T <- dets:all()].`)
}

// run runs scripts/broker. It does not end with the test's context: brokers are
// killed after that has ended.
func (b *Broker) run(args ...string) string {
	b.tb.Helper()
	out, err := exec.CommandContext(context.WithoutCancel(b.tb.Context()), script(b.tb, "broker"), args...).Output()
	if err != nil {
		var stderr []byte
		if e, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output does not wrap it
			stderr = e.Stderr
		}
		b.tb.Fatalf("scripts/broker %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return strings.TrimSpace(string(out))
}
