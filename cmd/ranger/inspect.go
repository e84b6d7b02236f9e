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

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/redis"
)

type inspectCommand struct {
	brokerFlags
	redisFlags

	AmqpSource       string `env:"AMQP_SOURCE" default:"stream" group:"broker" help:"What serve runs with; with queue there is no stream to look into."`
	AmqpStream       string `env:"AMQP_STREAM" default:"ranger" group:"broker" help:"The stream that is looked at."`
	AmqpMaxBodyBytes string `env:"AMQP_MAX_BODY_BYTES" default:"256KiB" group:"broker" help:"What serve runs with: the largest message that is read."`

	Offset     string `placeholder:"N" help:"Show the message at this offset, as the log names it."`
	Undelivered bool   `help:"List the messages that reached nobody, or not all whom they name."`
	Since      string `default:"1h" help:"How far back to list them."`
}

// Help is what --help says beside the flags.
func (inspectCommand) Help() string {
	return `Shows what is in the stream, and what ranger makes of it: for whom a message is, or why it reached nobody. It reads alone and changes nothing.

  ranger inspect --offset 4711
  ranger inspect --undelivered --since 1h

Member ids are looked up as the directory stands now.`
}

// Run prints one message, or lists those that reached nobody.
func (cmd *inspectCommand) Run(ctx context.Context, std streams) error {
	c := new(checker)
	cfg := amqp.Config{URL: cmd.url(c), Exchanges: cmd.exchanges(c), Stream: c.text("AMQP_STREAM", cmd.AmqpStream)}
	i := inspection{out: std.out, maxBody: int(c.size("AMQP_MAX_BODY_BYTES", cmd.AmqpMaxBodyBytes, 1<<10))}
	if c.oneOf("AMQP_SOURCE", cmd.AmqpSource, "stream", "queue"); cmd.AmqpSource == "queue" {
		c.fail("AMQP_SOURCE", "with queue there is no stream to look into: the log alone says what reached nobody")
	}
	var since time.Duration
	switch {
	case cmd.Undelivered == (cmd.Offset != ""):
		c.fail("--offset, --undelivered", "give one of them")
	case cmd.Undelivered:
		since = c.duration("--since", cmd.Since, time.Second)
	default:
		i.offset = uint64(c.number("--offset", cmd.Offset, 0, 1<<53)) //nolint:gosec // not negative
	}
	members := cmd.directory(c)
	if err := c.err(); err != nil {
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

// withMembers runs f with the member directory, nil for none, while it lives.
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

// finder is a directory that asks Redis for what it does not have. It is for one
// goroutine.
type finder struct {
	ctx context.Context //nolint:containedctx // a Directory is asked without one
	*redis.Directory
	away error // why Redis could not be asked, where that happened
}

func (f *finder) UID(member string) (event.UID, bool) {
	uid, ok := f.Find(f.ctx, member)
	if s := f.Status(); !ok && !s.Connected {
		f.away = s.Error
		if f.away == nil {
			f.away = errors.New("there is no answer yet")
		}
	}
	return uid, ok
}

// inspection is one run of the command.
type inspection struct {
	out     io.Writer
	members event.Directory // nil for none
	finder  *finder         // it, or nil
	maxBody int
	offset  uint64
}

// show prints the message at the offset.
func (i *inspection) show(ctx context.Context, cfg amqp.Config) error {
	found := false
	var next uint64
	err := amqp.Walk(ctx, cfg, i.offset, 0, func(m amqp.Stored) bool {
		found, next = m.Offset == i.offset, m.Offset
		if found {
			i.print(&m)
		}
		return false
	})
	if err == nil && !found {
		err = fmt.Errorf("there is no message at offset %d: it is the broker's own, or the stream no longer holds it; the next is at %d", i.offset, next)
	}
	return err
}

func (i *inspection) print(m *amqp.Stored) {
	field := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(i.out, "%-12s %s\n", name, value)
		}
	}
	field("position", fmt.Sprint(m.Position))
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
	_, _ = fmt.Fprintf(i.out, "\n%q\n", m.Body)
}

// outcome says what ranger makes of a message, a line for each whom it reaches
// and each reason why it does not reach somebody.
func (i *inspection) outcome(m *amqp.Stored) []string {
	if record := m.Record(); record != "" {
		return []string{"a record of a node for other nodes: " + record}
	}
	var lines []string
	out := event.Decode(m.Delivery, i.maxBody, i.members)
	for _, e := range out.Events {
		lines = append(lines, fmt.Sprintf("%s for %s", e.Kind, e.UID))
	}
	for _, reason := range out.Undelivered {
		lines = append(lines, fmt.Sprintf("reaches nobody: %s: %s", reason, i.explain(reason)))
	}
	return lines
}

// list prints a line for each message that did not reach all whom it should.
func (i *inspection) list(ctx context.Context, cfg amqp.Config, since time.Duration) error {
	listed, looked := 0, 0
	err := amqp.Walk(ctx, cfg, 0, since, func(m amqp.Stored) bool {
		looked++
		if m.Record() != "" {
			return true
		}
		out := event.Decode(m.Delivery, i.maxBody, i.members)
		if len(out.Undelivered) == 0 {
			return true
		}
		listed++
		_, _ = fmt.Fprintf(i.out, "%-12d %-20s %-24s %s\n", m.Offset, reasons(out.Undelivered), m.Exchange, clip(m.Body))
		return true
	})
	if err == nil {
		_, _ = fmt.Fprintf(i.out, "%d of %d messages\n", listed, looked)
		err = i.away()
	}
	return err
}

func reasons(undelivered []event.Reason) string {
	var text []string
	for _, r := range undelivered {
		text = append(text, string(r))
	}
	return strings.Join(text, ",")
}

// clip quotes the begin of a body, in one line.
func clip(body []byte) string {
	const most = 80
	if len(body) > most {
		return fmt.Sprintf("%q…", body[:most])
	}
	return fmt.Sprintf("%q", body)
}

// away returns why what names members by their ids may be judged wrongly.
func (i *inspection) away() error {
	if i.finder == nil || i.finder.away == nil {
		return nil
	}
	return fmt.Errorf("the member directory could not be asked (REDIS_URL), so who is unknown_member may be known: %w", i.finder.away)
}

// explain says what a reason means, for a person.
func (i *inspection) explain(r event.Reason) string {
	switch r {
	case event.NoOwner:
		return "no header and no field names its owner"
	case event.UnknownMember:
		if err := i.away(); err != nil {
			return err.Error()
		}
		if i.finder == nil {
			return "its owner is named by a member id, and there is no directory to look into: REDIS_URL is unset"
		}
		return "its owner's member id is not in the directory (REDIS_URL, MEMBER_DIRECTORY)"
	case event.Broadcast:
		return "a public order book's, as Peatio sends it to everybody"
	case event.UnknownExchange:
		return "it came through neither exchange (AMQP_ORDERBOOK_EXCHANGE, AMQP_TRADE_EXCHANGE)"
	case event.TooBig:
		return "its body is over AMQP_MAX_BODY_BYTES"
	case event.NotUTF8:
		return "its body is not UTF-8"
	case event.TooDeep:
		return "its body nests over 32 objects and arrays"
	case event.NotJSON:
		return "its body is not JSON"
	case event.NotObject:
		return "its body is JSON, but no object"
	case event.DuplicateKey:
		return "a key comes twice in its body"
	case event.BadHeader:
		return "a header that names the owner can be no uid or id"
	case event.BadField:
		return "a field that names the owner can be no uid or id, or ask, bid or trades are not what they must be"
	default:
		return "see docs/events.md"
	}
}
