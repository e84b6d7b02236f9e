package hub_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ranger/internal/journal"
)

// item is what a message of the stream contains for alice.
type item struct {
	position journal.Position
	text     string // of an event, or of a gap up to its position
	event    bool
	at       int64
}

// walk is a stream, one client of alice that connects and leaves, and what the client must be
// sent.
type walk struct {
	*server

	t     *testing.T
	items []item             // all of the stream that alice is to see
	held  []journal.Position // all of the stream
	c     *client            // nil while it is away
	want  []string           // since it came, and not read yet
	until int                // how many of items were there when it came
	v     view
}

// I2, I3: whatever is appended, whenever connections are cut, and from whatever position a
// client resumes: it is sent what follows that position, in order and each once; what was
// there already is marked; and the chain of numbers proves it. A position that never existed
// is refused.
func TestResumesFromAnywhere(t *testing.T) {
	cfg := calm
	cfg.hub.WriteTimeout = time.Hour
	bubble(t, cfg, func(t *testing.T, _ *server) {
		rapid.Check(undated{t}, func(rt *rapid.T) {
			w := &walk{server: newServer(t, cfg), t: t}
			w.append1(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"append": func(rt *rapid.T) {
					for range rapid.IntRange(1, 20).Draw(rt, "messages") {
						w.append1(rt)
					}
				},
				"read":   w.read,
				"resume": w.comeBack,
				"refuse": w.comeFromNowhere,
				"cut": func(*rapid.T) {
					if w.c != nil {
						_ = w.c.Close()
						w.c = nil
						pass(0)
					}
				},
			})
			w.read(rt)
			if w.c != nil {
				_ = w.c.Close()
			}
			pass(0)
		})
	})
}

// undated is a test without a deadline, which would be wrong in a bubble.
type undated struct{ *testing.T }

func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

// append1 appends one message of any kind, maybe after a hole.
func (w *walk) append1(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "hole") == 0 {
		w.offset += 3
	}
	it := item{at: time.Now().UnixMilli()}
	switch rapid.IntRange(0, 5).Draw(rt, "kind") {
	case 0:
		it.position = w.skip()
	case 1:
		it.position = w.send("bob", trade(int(w.offset)))
	case 2:
		it.position = w.gap()
		it.text = gapMessage(it.position)
	case 3:
		it.position = w.gapOf("alice")
		it.text = gapMessage(it.position)
	default:
		it.text, it.event = trade(int(w.offset)), true
		it.position = w.send("alice", it.text)
	}
	w.held = append(w.held, it.position)
	if it.text == "" {
		return
	}
	w.items = append(w.items, it)
	if w.c != nil {
		w.want = append(w.want, w.text(len(w.items)-1))
	}
}

// text returns the message of the n-th item: a replay if it was there when the client
// connected.
func (w *walk) text(n int) string {
	it := w.items[n]
	if !it.event {
		return it.text
	}
	prev := w.lastBefore(n)
	if n < w.until {
		return withAt(it.text, it.position, prev, it.at, replayed)
	}
	return withAt(it.text, it.position, prev, it.at)
}

// lastBefore returns the number of the last event among the first n items.
func (w *walk) lastBefore(n int) int {
	for n--; n >= 0; n-- {
		if w.items[n].event {
			return int(w.items[n].position.Offset)
		}
	}
	return none
}

// read reads a part of what is pending, or all of it.
func (w *walk) read(rt *rapid.T) {
	if w.c == nil {
		return
	}
	n := rapid.IntRange(0, len(w.want)).Draw(rt, "messages")
	all := rapid.Bool().Draw(rt, "all")
	var got []string
	if all {
		n = len(w.want)
		got = w.c.readFor(time.Millisecond)
	} else {
		for range n {
			got = append(got, w.c.read().payload)
		}
	}
	if diff := cmp.Diff(timeless(w.want[:n]), timeless(got)); diff != "" {
		rt.Fatalf("messages (-want +got):\n%s", diff)
	}
	w.want = w.want[n:]
	for _, text := range got {
		w.v.take(text)
	}
}

// comeBack opens a new socket from a position of the stream.
func (w *walk) comeBack(rt *rapid.T) {
	p := rapid.SampledFrom(w.held).Draw(rt, "position")
	w.leave()
	w.c, w.until = w.resume("alice", p), len(w.items)
	w.v = view{tb: w.t, position: p, loose: true}
	w.want = nil
	for n, it := range w.items {
		if it.position.Offset > p.Offset {
			w.want = append(w.want, w.text(n))
		}
	}
	last, _ := w.window.Last()
	w.want = append(w.want, beat(last, w.lastBefore(w.until)))
}

// comeFromNowhere resumes from a position that the stream does not have.
func (w *walk) comeFromNowhere(rt *rapid.T) {
	p := rapid.SampledFrom(w.held).Draw(rt, "position")
	if rapid.Bool().Draw(rt, "ahead") {
		p.Offset = w.offset + rapid.Uint64Range(0, 5).Draw(rt, "by")
	} else {
		p.Check ^= 1 << rapid.IntRange(0, 31).Draw(rt, "bit")
	}
	last, _ := w.window.Last()
	w.leave()
	w.c, w.until, w.want = w.ask(after("alice", p), notResumed(last)), len(w.items), nil
	w.v = view{tb: w.t, position: last, loose: true}
}

func (w *walk) leave() {
	if w.c != nil {
		_ = w.c.Close()
		pass(0)
	}
}
