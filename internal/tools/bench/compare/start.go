package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"ranger/internal/event"
)

// windowMessages is the number of messages that a node reads at its start.
const windowMessages = 200_000

// trade returns a trade in Peatio's format between two of 10,000 users.
func trade(n int) event.Delivery {
	ask, bid := rand.IntN(10_000), rand.IntN(10_000) //nolint:gosec // a choice needs no secrecy
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

// measureStart measures how a node reads its window at its start, without sockets.
func (h *harness) measureStart(ctx context.Context) (err error) {
	messages := max(1000, int(windowMessages*h.scale))
	names := newBrokerNames(h.broker, fromStream)
	defer func() { err = errors.Join(err, names.remove(ctx)) }()
	if _, err := h.readWindow(ctx, h.rangers()[0], names); err != nil { // declares the stream
		return err
	}
	if err := publishWindow(ctx, names, messages); err != nil {
		return err
	}
	for round := range h.rounds {
		for _, v := range h.rangers() {
			w, err := h.readWindow(ctx, v, names)
			if err != nil {
				return err
			}
			if w.read < messages {
				return fmt.Errorf("%s had caught up after %d messages, want %d", v.name, w.read, messages)
			}
			for _, f := range []struct {
				figure
				value float64
			}{
				{figure{name: "read_time", title: fmt.Sprintf("window of %d messages, from start to ready", messages), unit: "s", target: target{most: 8}}, w.seconds},
				{figure{name: "read_rate", title: "messages read at start", unit: "1/s", target: target{least: 25_000}}, float64(w.read) / w.seconds},
				{figure{name: "read_cpu", title: "CPU per message read at start", unit: "µs"}, w.cpu / float64(w.read)},
			} {
				h.add(round, f.figure, names.source, v.name, f.value)
			}
		}
	}
	return nil
}

// windowRead is the cost of a node's start.
type windowRead struct {
	read    int
	seconds float64
	cpu     float64 // µs
}

// readWindow starts a node and stops it when it has caught up.
func (h *harness) readWindow(ctx context.Context, v variant, names brokerNames) (w windowRead, err error) {
	s, err := h.start(ctx, v, names.environment(h.ed25519, node))
	if err != nil {
		return w, err
	}
	cpu, err := s.process().CPU()
	w = windowRead{read: s.read, seconds: s.took.Seconds(), cpu: float64(cpu.Microseconds())}
	return w, errors.Join(err, s.stop())
}

// publishWindow publishes trades as fast as the broker takes them.
func publishWindow(ctx context.Context, names brokerNames, messages int) error {
	pub, err := names.connect(ctx)
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
