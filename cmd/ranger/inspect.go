package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/amqp"
	"ranger/internal/amqp/scan"
	"ranger/internal/amqp/topology"
	"ranger/internal/event"
	"ranger/internal/redis"
)

type inspectCommand struct {
	cli.BrokerFlags
	cli.RedisFlags

	AmqpSource       string `env:"AMQP_SOURCE" default:"stream" group:"broker" help:"Source with which serve runs. With queue there is no stream to inspect."`
	AmqpStream       string `env:"AMQP_STREAM" default:"ranger" group:"broker" help:"Stream to read."`
	AmqpMaxBodyBytes string `env:"AMQP_MAX_BODY_BYTES" default:"256KiB" group:"broker" help:"Maximum size of a message with which serve runs."`

	Offset      string `placeholder:"N" help:"Show the message at this offset, which the log names."`
	Undelivered bool   `help:"List the messages that were not delivered to each user they should reach."`
	Since       string `default:"1h" help:"Age of the oldest message that --undelivered lists."`
}

// Help returns the text of --help that precedes the flags.
func (inspectCommand) Help() string {
	return `Show messages of the stream and their users, or why they were not delivered. Nothing is changed.

  ranger inspect --offset 4711
  ranger inspect --undelivered --since 1h

Member ids are resolved with the current member directory.`
}

// Run prints one message, or lists those that were not delivered.
func (cmd *inspectCommand) Run(ctx context.Context, std cli.Streams) error {
	c := new(cli.Checker)
	cfg := amqp.Config{
		URL:    cmd.BrokerURL(c),
		Config: topology.Config{Exchanges: cmd.Exchanges(c), Stream: c.Text("AMQP_STREAM", cmd.AmqpStream)},
	}
	i := inspection{out: std.Out, maxBody: int(c.Size("AMQP_MAX_BODY_BYTES", cmd.AmqpMaxBodyBytes, 1<<10))}
	if c.OneOf("AMQP_SOURCE", cmd.AmqpSource, "stream", "queue"); cmd.AmqpSource == "queue" {
		c.Fail("AMQP_SOURCE", "is queue: there is no stream to inspect; only the log shows what was not delivered")
	}
	var since time.Duration
	switch {
	case cmd.Undelivered == (cmd.Offset != ""):
		c.Fail("--offset, --undelivered", "give one of them")
	case cmd.Undelivered:
		since = c.Duration("--since", cmd.Since, time.Second)
	default:
		i.offset = uint64(c.Number("--offset", cmd.Offset, 0, 1<<53)) //nolint:gosec // not negative
	}
	members := cmd.Directory(c)
	if err := c.Err(); err != nil {
		return err
	}
	return withMembers(ctx, members, func(f *finder) error {
		if f != nil {
			i.finder, i.members = f, f
		}
		if !cmd.Undelivered {
			return i.show(ctx, cfg)
		}
		return i.list(ctx, cfg, since)
	})
}

// withMembers calls f while the member directory runs. f gets nil if there is no Redis.
func withMembers(ctx context.Context, cfg redis.Config, f func(*finder) error) error {
	if cfg.URL == "" {
		return f(nil)
	}
	d, err := redis.NewDirectory(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.Run(ctx) })
	g.Go(func() error {
		defer stop()
		return f(&finder{ctx: ctx, Directory: d})
	})
	return g.Wait()
}

// finder is an event.Directory that asks Redis for ids that are not in memory. It is not
// safe for concurrent use.
type finder struct {
	ctx context.Context //nolint:containedctx // UID has no context
	*redis.Directory
	err error // why Redis could not be asked, if that happened
}

// UID returns the uid of a member. It may block for as long as redis.Directory.Find.
func (f *finder) UID(member string) (event.UID, bool) {
	uid, ok := f.Find(f.ctx, member)
	if s := f.Status(); !ok && !s.Connected {
		f.err = s.Error
		if f.err == nil {
			f.err = errors.New("no answer yet")
		}
	}
	return uid, ok
}

// inspection is one run of the command.
type inspection struct {
	out     io.Writer
	members event.Directory // nil if there is no Redis
	finder  *finder         // the same as members
	maxBody int             // bytes
	offset  uint64
}

// show prints the message at the offset.
func (i *inspection) show(ctx context.Context, cfg amqp.Config) error {
	found := false
	var next uint64
	err := scan.Walk(ctx, cfg.URL, cfg.Config, i.offset, 0, func(m scan.Stored) bool {
		found, next = m.Offset == i.offset, m.Offset
		if found {
			i.print(&m)
		}
		return false
	})
	if err == nil && !found {
		err = fmt.Errorf("no message at offset %d: the offset is internal to the broker, or the stream no longer has the message; the next message is at offset %d", i.offset, next)
	}
	return err
}

// print prints a message and its outcome.
func (i *inspection) print(m *scan.Stored) {
	field := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(i.out, "%-12s %s\n", name, value)
		}
	}
	if m.Undeliverable {
		field("offset", fmt.Sprint(m.Offset))
	} else {
		field("position", fmt.Sprint(m.Position))
	}
	field("exchange", m.Exchange)
	field("routing key", m.RoutingKey)
	field("type", m.Type)
	field("message_id", m.MessageID)
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		field("header", fmt.Sprintf("%s: %v (%[2]T)", name, m.Headers[name]))
	}
	for _, line := range i.outcome(m) {
		field("outcome", line)
	}
	if !m.Undeliverable {
		_, _ = fmt.Fprintf(i.out, "\n%q\n", m.Body)
	}
}

// outcome returns a line for each user that a message is delivered to, and for each
// reason why it is not delivered.
func (i *inspection) outcome(m *scan.Stored) []string {
	if record := m.Record(); record != "" {
		return []string{"a record of a node for other nodes: " + record}
	}
	var lines []string
	out := i.decode(m)
	for _, e := range out.Events {
		lines = append(lines, fmt.Sprintf("%s for %s", e.Kind, e.UID))
	}
	for _, reason := range out.Undelivered {
		lines = append(lines, fmt.Sprintf("not delivered: %s: %s", reason, i.explain(reason)))
	}
	return lines
}

// decode returns what becomes of a message.
func (i *inspection) decode(m *scan.Stored) event.Outcome {
	if m.Undeliverable {
		return event.Outcome{Undelivered: []event.Reason{event.Undeliverable}}
	}
	return event.Decode(m.Delivery, i.maxBody, i.members)
}

// list prints a line for each message that was not delivered to each user it should
// reach.
func (i *inspection) list(ctx context.Context, cfg amqp.Config, since time.Duration) error {
	listed, read := 0, 0
	err := scan.Walk(ctx, cfg.URL, cfg.Config, 0, since, func(m scan.Stored) bool {
		read++
		if m.Record() != "" {
			return true
		}
		out := i.decode(&m)
		if len(out.Undelivered) == 0 {
			return true
		}
		listed++
		_, _ = fmt.Fprintf(i.out, "%-12d %-20s %-24s %s\n", m.Offset, join(out.Undelivered), m.Exchange, truncate(m.Body))
		return true
	})
	if err == nil {
		_, _ = fmt.Fprintf(i.out, "%d of %d messages\n", listed, read)
		err = i.directoryErr()
	}
	return err
}

func join(reasons []event.Reason) string {
	var texts []string
	for _, r := range reasons {
		texts = append(texts, string(r))
	}
	return strings.Join(texts, ",")
}

// truncate returns the beginning of a body, quoted, in one line.
func truncate(body []byte) string {
	const most = 80
	if len(body) > most {
		return fmt.Sprintf("%q…", body[:most])
	}
	return fmt.Sprintf("%q", body)
}

// directoryErr returns an error if the member directory could not be asked, so that the
// reason unknown_member may be wrong.
func (i *inspection) directoryErr() error {
	if i.finder == nil || i.finder.err == nil {
		return nil
	}
	return fmt.Errorf("the member directory could not be asked (REDIS_URL), so an unknown_member may be known: %w", i.finder.err)
}

// explain describes a reason.
func (i *inspection) explain(r event.Reason) string {
	switch r {
	case event.NoOwner:
		return "no header and no field names its owner"
	case event.UnknownMember:
		if err := i.directoryErr(); err != nil {
			return err.Error()
		}
		if i.finder == nil {
			return "its owner is named by a member id, and there is no member directory: REDIS_URL is unset"
		}
		return "the member id of its owner is not in the member directory (REDIS_URL, MEMBER_DIRECTORY)"
	case event.Broadcast:
		return "it is part of a public order book, which Peatio sends to all users"
	case event.Undeliverable:
		return "the broker ends the connection when it is to deliver this entry; another of its protocols stored it"
	case event.UnknownExchange:
		return "it was published to neither exchange (AMQP_ORDERBOOK_EXCHANGE, AMQP_TRADE_EXCHANGE)"
	case event.TooBig:
		return "its body is larger than AMQP_MAX_BODY_BYTES"
	case event.NotUTF8:
		return "its body is not UTF-8"
	case event.TooDeep:
		return "its body nests more than 32 objects and arrays"
	case event.NotJSON:
		return "its body is not JSON"
	case event.NotObject:
		return "its body is JSON, but not an object"
	case event.DuplicateKey:
		return "its body has a key twice"
	case event.BadHeader:
		return "a header that names the owner is not a uid or member id"
	case event.BadField:
		return "a field that names the owner is not a uid or member id, or ask, bid or trades have an invalid type"
	default:
		return "see docs/events.md"
	}
}
