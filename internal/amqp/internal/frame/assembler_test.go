package frame_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/event"
)

// assembled is what an Assembler made of frames.
type assembled struct {
	deliveries []frametest.Copy
	others     string // frames that it did not take
}

// assemble pushes the frames of text into an Assembler that keeps maxBody bytes of
// a body. If reuse is set, it has the Assembler own what it refers to after each
// frame, and overwrites the frame.
func assemble(text string, maxBody int, reuse bool) (got assembled, err error) {
	a := frame.NewAssembler(frametest.Consumer, maxBody)
	for len(text) > 0 {
		size, _ := frame.Size([]byte(text))
		f := []byte(text[:size])
		text = text[size:]
		d, taken, err := a.Push(f)
		switch {
		case err != nil:
			return got, err
		case !taken:
			got.others += string(f)
		case d != nil:
			got.deliveries = append(got.deliveries, frametest.CopyOf(d, "a"))
		}
		if reuse {
			a.Own()
			clear(f)
		}
	}
	return got, nil
}

func TestAssembler_PutsDeliveriesTogether(t *testing.T) {
	t.Parallel()
	const maxBody = 1000
	long := strings.Repeat("long ", 1000)
	another := frametest.Deliver(7, "another", 1, 0, "orders") + frametest.Header(7, 5, frametest.NoProperties) + frametest.Body(7, "hello")
	onOtherChannel := frametest.Body(1, "another's")
	text := frametest.Message(frametest.Consumer, 1, frametest.OffsetEntry(41)+"\x01aI\xff\xff\xff\xff", "one frame", 100) +
		another +
		frametest.Message(frametest.Consumer, 2, "", "", 1) +
		frametest.Message(frametest.Consumer, 3, "", long[:maxBody], 300) +
		frametest.Message(frametest.Consumer, 4, "", long, 300) +
		frametest.Message(frametest.Consumer, 5, "", long, len(long)) +
		frametest.Deliver(7, frametest.Consumer, 6, 1, "") + frametest.Heartbeat +
		frametest.Header(7, 4, frametest.NoProperties) + onOtherChannel +
		frametest.Body(7, "sp") + frametest.Body(7, "") + frametest.Heartbeat + frametest.Body(7, "it")
	message := func(tag uint64, body string) frametest.Copy {
		return frametest.Copy{
			Tag: tag, Check: event.Check([]byte(body)), Exchange: "orders", MessageID: strconv.FormatUint(tag, 10), Type: "type",
			Body: body[:min(len(body), maxBody)], Headers: map[string]event.Header{},
		}
	}
	first := message(1, "one frame")
	first.Offset, first.HasOffset, first.Headers["a"] = 41, true, event.IntegerOf(-1)
	last := message(6, "spit")
	last.Redelivered, last.Exchange, last.MessageID, last.Type = true, "", "", ""
	want := []frametest.Copy{first, message(2, ""), message(3, long[:maxBody]), message(4, long), message(5, long), last}
	for _, reuse := range []bool{false, true} {
		got, err := assemble(text, maxBody, reuse)
		if err != nil {
			t.Fatalf("reusing frames: %t: %v", reuse, err)
		}
		if diff := cmp.Diff(want, got.deliveries); diff != "" {
			t.Errorf("reusing frames: %t: deliveries (-want +got):\n%.3000s", reuse, diff)
		}
		if want := another + frametest.Heartbeat + onOtherChannel + frametest.Heartbeat; got.others != want {
			t.Errorf("reusing frames: %t: left %q, want %q", reuse, got.others, want)
		}
	}
}

func TestAssembler_DoesNotCopyBodiesOfOneFrame(t *testing.T) {
	t.Parallel()
	a := frame.NewAssembler(frametest.Consumer, 100)
	for _, text := range []string{frametest.Deliver(7, frametest.Consumer, 1, 0, "x"), frametest.Header(7, 5, frametest.NoProperties)} {
		if _, taken, err := a.Push([]byte(text)); !taken || err != nil || !a.Incomplete() {
			t.Fatalf("Push(%q): taken %t, %v, incomplete %t, want true, nil, true", text, taken, err, a.Incomplete())
		}
	}
	body := []byte(frametest.Body(7, "hello"))
	d, _, err := a.Push(body)
	if d == nil || err != nil || a.Incomplete() {
		t.Fatalf("Push of the body: %v, %v, incomplete %t, want a delivery", d, err, a.Incomplete())
	}
	body[7] = 'j'
	if string(d.Body) != "jello" {
		t.Errorf("after the frame has changed, the body is %q, want it changed, too", d.Body)
	}
}

func TestAssembler_RejectsMalformedFrames(t *testing.T) {
	t.Parallel()
	begin, head := frametest.Deliver(7, frametest.Consumer, 1, 0, "orders"), frametest.Header(7, 5, frametest.NoProperties)
	broken := func(frame string) string { return frame[:len(frame)-1] + "\x00" }
	deliver := func(args string) string {
		return frametest.Method(7, 60, 60, frametest.ShortString(frametest.Consumer)+args)
	}
	for text, want := range map[string]string{
		deliver(""):                   "basic.deliver",
		deliver("123456789\x05ab"):    "basic.deliver",
		deliver("123456789\x00\x00x"): "basic.deliver",
		broken(begin):                 "end octet",
		begin + broken(head):          "end octet",
		begin + head + broken(frametest.Body(7, "hello")): "end octet",
		begin + begin: "out of order",
		begin + frametest.Deliver(8, frametest.Consumer, 2, 0, "orders"):       "out of order",
		begin + frametest.Body(7, "hello"):                                     "out of order",
		begin + head + head:                                                    "out of order",
		begin + head + frametest.Body(7, "hello!"):                             "out of order",
		begin + head + frametest.Method(7, 20, 40, ""):                         "out of order",
		begin + frametest.Frame(2, 7, nil):                                     "content header",
		begin + frametest.Frame(2, 7, []byte(head)[7:20]):                      "content header",
		begin + strings.Replace(head, "\x00\x3c", "\x00\x14", 1):               "content header",
		begin + frametest.Header(7, 5, "\xff\xfc\x05ab"):                       "content header",
		begin + frametest.Header(7, 5, "\x20\x00\x00\x00\x00\x05ab"):           "content header",
		begin + frametest.Header(7, 5, "\x20\x00\xff\xff\xff\xffab"):           "content header",
		begin + frametest.Header(7, 5, "\x00\x40\x00\x00\x00\x00\x00\x00\x00"): "content header",
	} {
		got, err := assemble(text, 100, false)
		if err == nil || !strings.Contains(err.Error(), want) || len(got.deliveries) > 0 {
			t.Errorf("%q: got %d deliveries, %v, want none and an error with %q", text, len(got.deliveries), err, want)
		}
	}
}

func TestOversize_AllowsLongerContentHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ  byte
		size int
		want bool
	}{
		{1, frame.Max, false},
		{1, frame.Max + 1, true},
		{3, frame.Max, false},
		{3, frame.Max + 1, true},
		{2, frame.MaxHeader, false},
		{2, frame.MaxHeader + 1, true},
	} {
		text := []byte(frametest.Frame(c.typ, 1, make([]byte, c.size-8)))
		size, ok := frame.Size(text[:7])
		if got := frame.Oversize(text[:7], size); got != c.want || size != c.size || !ok {
			t.Errorf("type %d: got %t, size %d, %t, want %t, size %d, true", c.typ, got, size, ok, c.want, c.size)
		}
	}
	if size, ok := frame.Size([]byte("short")); ok {
		t.Errorf("Size of 5 bytes = %d, true, want false", size)
	}
}
