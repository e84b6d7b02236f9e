package hub_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ranger/internal/journal"
)

// item is what a message of the stream has for alice.
type item struct {
	position journal.Position
	text     string // of an event, or of a gap as it is told
	event    bool
	at       int64
}

// walk is a stream and one client of alice that comes and goes, beside what the
// client has to be sent.
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

// I2, I3: whatever is appended, wherever connections are cut and from whichever
// position that it has seen a client resumes: what it is sent is what the stream
// has behind that position, in order and each once, what was there already is
// marked, and the chain of numbers proves it. A position that was never there is
// refused.
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

// undated is a test without a deadline, which a bubble's clock cannot tell.
type undated struct{ *testing.T }

func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

// append1 appends one message of any kind, maybe behind a hole.
func (w *walk) append1(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "hole") == 0 {
		w.offset += 3
	}
	it := item{at: time.Now().UnixMilli()}
	switch rapid.IntRange(0, 5).Draw(rt, "kind") {
	case 0:
		it.position = w.nobody()
	case 1:
		it.position = w.tell("bob", trade(int(w.offset)))
	case 2:
		it.position = w.gap()
		it.text = told(it.position)
	case 3:
		it.position = w.gapOf("alice")
		it.text = told(it.position)
	default:
		it.text, it.event = trade(int(w.offset)), true
		it.position = w.tell("alice", it.text)
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

// text is how the n-th item is told now: as a replay if it was there when the
// client came.
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

// read takes a part of what is there, or all of it.
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

// comeBack opens a new socket from a position of the stream, which a client may
// have seen as one of its own, or in a heartbeat.
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

// comeFromNowhere asks for a position that the stream does not have.
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
