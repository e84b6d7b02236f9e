package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/amqp/publish"
	"ranger/internal/event"
)

type publishCommand struct {
	Order publishOrder `cmd:"" help:"Publish Orders."`
	Trade publishTrade `cmd:"" help:"Publish Trades."`
}

// Help returns the text of --help that precedes the commands.
func (publishCommand) Help() string {
	return `Publish messages and wait until RabbitMQ has confirmed each of them. Missing exchanges are declared as Peatio declares them. Start ranger serve first: it binds the stream, and a message that no queue or stream receives is an error.

  ranger publish order --uid IDALICE00001
  ranger publish trade --seller IDALICE00001 --buyer IDBOB0000001
  ranger publish trade --seller IDALICE00001 --buyer IDBOB0000001 --rate 100 --count 1000`
}

// publishFlags are the flags of both subcommands.
type publishFlags struct {
	cli.BrokerFlags

	Market string            `default:"btcusd" help:"Market of the sample messages."`
	Body   string            `placeholder:"PATH" help:"File with the body of the messages; -: standard input. By default a sample is published."`
	Header map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"Header of the messages, a string. Can be repeated."`
	Count  string            `default:"1" help:"Number of messages."`
	Rate   string            `default:"0" help:"Messages per second; 0: as fast as RabbitMQ confirms them."`
}

type publishOrder struct {
	publishFlags

	UID string `name:"uid" help:"Owner of the order: the header member_uid."`
}

type publishTrade struct {
	publishFlags

	Seller string `help:"Seller: the header ask_member_uid."`
	Buyer  string `help:"Buyer: the header bid_member_uid."`
}

// Run publishes Orders.
func (cmd *publishOrder) Run(ctx context.Context, std cli.Streams) error {
	return cmd.run(ctx, std, event.Order, map[string]string{"member_uid": cmd.UID}, sampleOrder)
}

// Run publishes Trades.
func (cmd *publishTrade) Run(ctx context.Context, std cli.Streams) error {
	owners := map[string]string{"ask_member_uid": cmd.Seller, "bid_member_uid": cmd.Buyer}
	return cmd.run(ctx, std, event.Trade, owners, sampleTrade)
}

// run publishes messages of one kind.
func (f *publishFlags) run(ctx context.Context, std cli.Streams, kind event.Kind, owners map[string]string, sample func(n int, market string) []byte) error {
	c := new(cli.Checker)
	url, exchanges := f.BrokerURL(c), f.Exchanges(c)
	count, rate := c.Number("--count", f.Count, 1, 1<<30), c.Number("--rate", f.Rate, 0, 1<<20)
	body := f.body(c)
	if err := c.Err(); err != nil {
		return err
	}
	headers := make(map[string]any)
	for name, value := range owners {
		if value != "" {
			headers[name] = value
		}
	}
	for name, value := range f.Header {
		headers[name] = value
	}
	p, err := publish.NewPublisher(ctx, url, exchanges)
	if err != nil {
		return err
	}
	defer p.Close()
	r := publishRun{publisher: p, count: count, rate: rate, deliver: func(n int) event.Delivery {
		d := event.Delivery{Kind: kind, Headers: headers, Body: body}
		if body == nil {
			d.Body = sample(n, f.Market)
		}
		return d
	}}
	err = r.run(ctx)
	if err == nil || r.confirmed > 0 {
		_, _ = fmt.Fprintf(std.Out, "%d published and confirmed\n", r.confirmed)
	}
	return err
}

// body returns the contents of --body, or nil.
func (f *publishFlags) body(c *cli.Checker) []byte {
	switch f.Body {
	case "":
		return nil
	case "-":
		b, err := io.ReadAll(os.Stdin)
		if err != nil {
			c.Fail("--body", "standard input: %v", err)
		}
		return b
	default:
		return []byte(c.File("--body", f.Body))
	}
}

// publishRun publishes a number of messages at a rate.
type publishRun struct {
	publisher *publish.Publisher
	count     int
	rate      int // per second; 0: as fast as possible
	deliver   func(n int) event.Delivery
	confirmed int
}

const (
	// inFlight is the maximum number of unconfirmed messages.
	inFlight = 1000
	// confirmTimeout is how long the broker may take to confirm them.
	confirmTimeout = 30 * time.Second
)

// errInterrupted is returned if ctx ends before all messages were published.
var errInterrupted = errors.New("interrupted")

// run publishes the messages, also waiting for outstanding confirms if it is interrupted.
func (r *publishRun) run(ctx context.Context) error {
	most := inFlight
	if r.rate > 0 {
		most = min(inFlight, 1+r.rate/10) // so that a refusal is reported within a tenth of a second
	}
	unhurried := context.WithoutCancel(ctx)
	prefix := fmt.Sprintf("%d-%d-", os.Getpid(), time.Now().UnixNano())
	start := time.Now()
	waiting := make([]publish.Receipt, 0, most)
	for n := range r.count {
		if r.await(ctx, start, n) != nil {
			return errors.Join(r.settle(unhurried, waiting), errInterrupted)
		}
		receipt, err := r.publisher.Publish(ctx, r.deliver(n), prefix+strconv.Itoa(n))
		if err != nil {
			return err
		}
		if waiting = append(waiting, receipt); len(waiting) == most {
			if err := r.settle(unhurried, waiting); err != nil {
				return err
			}
			waiting = waiting[:0]
		}
	}
	return r.settle(unhurried, waiting)
}

// await waits until the n-th message is due.
func (r *publishRun) await(ctx context.Context, start time.Time, n int) error {
	if r.rate == 0 {
		return ctx.Err()
	}
	due := start.Add(time.Duration(n) * time.Second / time.Duration(r.rate))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(due)):
		return nil
	}
}

// settle waits until all messages in waiting are confirmed.
func (r *publishRun) settle(ctx context.Context, waiting []publish.Receipt) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	for _, receipt := range waiting {
		if err := receipt.Wait(ctx); err != nil {
			return err
		}
		r.confirmed++
	}
	return nil
}
