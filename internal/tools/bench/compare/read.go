package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"ranger/internal/event"
)

// windowMessages are read at a node's start.
const windowMessages = 200_000

// trade is one as Peatio publishes it, between two of 10,000 users.
func trade(n int) event.Delivery {
	ask, bid := rand.IntN(10_000), rand.IntN(10_000) //nolint:gosec // who trades is no secret
	order := func(id, user int, side string) string {
		return fmt.Sprintf(`{"id":%d,"side":%q,"ord_type":"limit","price":"3500.0","avg_price":"3500.0","state":"done","market_id":"btcusd",`+
			`"created_at":"2018-08-20T14:47:19Z","origin_volume":"0.0331","trades_count":1,"member_uid":"IDREAD%07d"}`, id, side, user)
	}
	return event.Delivery{
		Kind: event.Trade,
		Headers: map[string]any{
			"market":         "btcusd",
			"ask_member_uid": fmt.Sprintf("IDREAD%07d", ask),
			"bid_member_uid": fmt.Sprintf("IDREAD%07d", bid),
		},
		Body: fmt.Appendf(nil, `{"id":%d,"price":"3500.0","volume":"0.0331","funds":"115.85","market_id":"btcusd","created_at":"2018-08-20T14:47:19Z",`+
			`"ask_id":%d,"bid_id":%d,"ask_member_id":%d,"bid_member_id":%d,"ask":%s,"bid":%s}`,
			n, 2*n, 2*n+1, ask, bid, order(2*n, ask, "sell"), order(2*n+1, bid, "buy")),
	}
}

// reading measures how a node reads its window at its start, with no socket open.
func (l *lab) reading(ctx context.Context) (err error) {
	messages := max(1000, int(windowMessages*l.scale))
	p := newPlace(l.broker, fromStream)
	defer func() { err = errors.Join(err, p.remove(ctx)) }()
	if _, err := l.window(ctx, p); err != nil { // makes the stream
		return err
	}
	if err := l.fill(ctx, p, messages); err != nil {
		return err
	}
	for round := range l.rounds {
		w, err := l.window(ctx, p)
		if err != nil {
			return err
		}
		if w.read < messages {
			return fmt.Errorf("the node had read %d messages of %d when it said that it had caught up", w.read, messages)
		}
		for _, f := range []struct {
			figure
			value float64
		}{
			{figure{name: "read_time", title: fmt.Sprintf("window of %d messages, from start to ready", messages), unit: "s", target: target{most: 8}}, w.seconds},
			{figure{name: "read_rate", title: "messages read at a start", unit: "1/s", target: target{least: 25_000}}, float64(w.read) / w.seconds},
			{figure{name: "read_cpu", title: "CPU for each message read at a start", unit: "µs"}, w.cpu / float64(w.read)},
		} {
			l.add(round, f.figure, p.source, ranger, f.value)
		}
	}
	return nil
}

// windowRead is what a node's start took.
type windowRead struct {
	read    int
	seconds float64
	cpu     float64 // µs
}

// window starts a node and stops it.
func (l *lab) window(ctx context.Context, p place) (w windowRead, err error) {
	s, err := l.start(ctx, ranger, p.environment(l.ed25519, node))
	if err != nil {
		return w, err
	}
	cpu, err := s.process().CPU()
	w = windowRead{read: s.read, seconds: s.took.Seconds(), cpu: float64(cpu.Microseconds())}
	return w, errors.Join(err, s.stop())
}

// fill publishes so many trades as fast as the broker takes them.
func (l *lab) fill(ctx context.Context, p place, messages int) error {
	pub, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer pub.Close()
	for n := range messages {
		if err := pub.Publish(ctx, trade(n)); err != nil {
			return err
		}
	}
	return pub.Flush(ctx)
}
