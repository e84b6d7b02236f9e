package amqp

import (
	"context"
	"fmt"
	"time"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// look sees that both exchanges feed the stream, mends what does not, and
// records the gap that it has left.
func (l *lookout) look(ctx context.Context) error {
	src := l.reader.src
	began, since, first := time.Now(), src.lastLook(), src.whole && src.looked.Load() == 0
	for _, x := range l.topology.cfg.Exchanges.both() {
		reason, err := l.lookAt(ctx, x)
		switch {
		case err != nil || reason == "":
		case first:
			err = l.settle(ctx, x)
		default:
			err = l.mend(ctx, x, reason, l.since(x, reason, since))
		}
		if err != nil {
			return fmt.Errorf("look after exchange %s: %w", x.name, err)
		}
	}
	l.reader.markers.looked = began.UnixMilli()
	return l.tellMembers(ctx)
}

// lookAt says what is amiss with an exchange, or nothing.
func (l *lookout) lookAt(ctx context.Context, x exchange) (event.GapReason, error) {
	made, err := l.topology.ensureExchange(x)
	if err != nil || made || l.topology.takeMade(x) {
		return event.GapExchange, err
	}
	if l.blind[l.kind(x)] {
		return "", l.topology.bind(x)
	}
	there, err := l.topology.hasCanary(x)
	if err != nil || !there {
		return event.GapExchange, err
	}
	var reason event.GapReason
	err = l.topology.ask(ctx, x, l.busy(x), func(newest []byte) error {
		came, err := l.came(ctx, x, journal.Check(newest))
		if err != nil || came {
			return err
		}
		reason = event.GapBinding
		// Should this process end before the gap is recorded, the next to look
		// finds no canary.
		return l.topology.removeCanary(x)
	})
	return reason, err
}

// came tells whether a message that the exchange routed before now, with this
// check, came into the stream.
func (l *lookout) came(ctx context.Context, x exchange, check uint32) (bool, error) {
	src, kind := l.reader.src, l.kind(x)
	if err := l.catchUp(ctx); err != nil || src.passed.has(kind, check) {
		return true, err
	}
	// In a cluster it may come by another way than the marker.
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-time.After(src.cfg.limits.Straggle):
	}
	err := l.catchUp(ctx)
	return src.passed.has(kind, check), err
}

// busy tells whether much has come through the exchange since the last look, or
// had come then: its witness was heard in a moment alone, and is now.
func (l *lookout) busy(x exchange) bool {
	src, kind := l.reader.src, l.kind(x)
	now := src.passed.read(kind)
	is := l.reader.markers.looked > 0 && float64(now-l.through[kind]) > busyRate*src.cfg.LookEvery.Seconds()
	was := l.was[kind]
	l.through[kind], l.was[kind] = now, is
	return is || was
}

// since returns when a gap began, at the latest: when a node last found all
// well, looked. But that a binding was there only a message tells that came
// through it.
func (l *lookout) since(x exchange, reason event.GapReason, looked int64) int64 {
	if reason != event.GapBinding {
		return looked
	}
	src := l.reader.src
	last := src.passed.last(l.kind(x))
	if last == 0 {
		last = src.oldest()
	}
	return min(looked, last)
}

// mend has the exchange feed the stream again. The canary comes last: whoever
// finds one knows that all before it was done.
func (l *lookout) mend(ctx context.Context, x exchange, reason event.GapReason, since int64) error {
	t := l.topology
	if err := t.bind(x); err != nil {
		return err
	}
	g := event.Gap{From: since, To: max(since, time.Now().UnixMilli()), Reason: reason}
	t.log.WarnContext(ctx, "an exchange did not feed the stream; clients are told of the gap",
		"exchange", x.name, "reason", string(reason), "since", time.UnixMilli(since).UTC())
	if err := l.reader.markers.record(ctx, g); err != nil {
		return err
	}
	return l.arm(ctx, x)
}

// settle is mend where no node has looked before: then nobody misses anything.
// Should another one have done so meanwhile, the next look tells what is amiss.
func (l *lookout) settle(ctx context.Context, x exchange) error {
	if err := l.topology.bind(x); err != nil {
		return err
	}
	if err := l.catchUp(ctx); err != nil || l.reader.src.looked.Load() > 0 {
		return err
	}
	return l.arm(ctx, x)
}

// arm has the witness say nothing of the past and places the canary.
func (l *lookout) arm(ctx context.Context, x exchange) error {
	if l.blind[l.kind(x)] {
		return nil
	}
	t := l.topology
	if err := t.silence(ctx, x); err != nil { // it may hold what came before the binding
		return err
	}
	return t.placeCanary(x)
}

func (l *lookout) kind(x exchange) event.Kind { return l.topology.cfg.Exchanges.kind(x.name) }

// prepare finds out of each exchange whether the broker lets ranger place what a
// look at it is about.
func (l *lookout) prepare(ctx context.Context) error {
	t, src := l.topology, l.reader.src
	for _, x := range t.cfg.Exchanges.both() {
		err := t.mayWatch(x)
		if err != nil && !t.refused(err) {
			return err
		}
		kind := l.kind(x)
		if l.blind[kind] = err != nil; err == nil || src.warned[kind] {
			continue
		}
		src.warned[kind] = true
		t.log.WarnContext(ctx, "an exchange cannot be watched over: when it is made anew, or its binding is removed, that will not be told as a gap",
			"exchange", x.name, "error", err, "advice", t.watchAdvice(x, err))
	}
	return nil
}
