package sequence_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/sequence"
	"ranger/internal/event"
)

// message returns a delivery with a body.
func message(body string, redelivered bool) *frame.Delivery {
	return &frame.Delivery{Body: []byte(body), Check: event.Check([]byte(body)), Redelivered: redelivered}
}

// Messages arrive over one connection after another; some were read before.
func TestSequencer_FindsWhatWasReadBefore(t *testing.T) {
	t.Parallel()
	// A letter is a message; a capital letter is one marked as redelivered.
	for name, c := range map[string]struct {
		connections, want []string
	}{
		"one connection":                     {[]string{"abc"}, []string{"abc"}},
		"all comes again":                    {[]string{"abc", "ABCd"}, []string{"abc", "d"}},
		"a suffix comes again":               {[]string{"abcd", "CDe"}, []string{"abcd", "e"}},
		"what was in flight comes, too":      {[]string{"abc", "CDEf"}, []string{"abc", "def"}},
		"nothing of it was read":             {[]string{"abc", "XYz"}, []string{"abc", "xyz"}},
		"redelivered to a new process":       {[]string{"ABc"}, []string{"abc"}},
		"equal ones that were read":          {[]string{"abab", "BABc"}, []string{"abab", "abc"}}, // sent twice: better than not
		"an equal one that was not read":     {[]string{"ab", "BBc"}, []string{"ab", "bc"}},
		"equal ones after what was read":     {[]string{"abc", "CABd"}, []string{"abc", "abd"}},
		"equal ones, out of order":           {[]string{"abcd", "ACDe"}, []string{"abcd", "cde"}},
		"an equal one is new if not marked":  {[]string{"abc", "abc"}, []string{"abc", "abc"}},
		"an unmarked one ends redelivery":    {[]string{"abc", "BcCd"}, []string{"abc", "ccd"}},
		"a connection without messages":      {[]string{"abc", "", "BCd"}, []string{"abc", "", "d"}},
		"ended during redelivery":            {[]string{"abcd", "BC", "BCDe"}, []string{"abcd", "", "e"}},
		"ended during it, some acknowledged": {[]string{"abcd", "BC", "CDe"}, []string{"abcd", "", "e"}},
		"ended after new messages":           {[]string{"abc", "BCd", "CDe", "CDEf"}, []string{"abc", "d", "e", "f"}},
		"more than the limit":                {[]string{"abcdefghijklmnop", "IJKLMNOPq"}, []string{"abcdefghijklmnop", "q"}},
		"older than the limit":               {[]string{"abcdefghijklmnopq", "AQ"}, []string{"abcdefghijklmnopq", "aq"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sequence.New(9)
			var got []string
			var offset uint64
			for i, connection := range c.connections {
				if i > 0 {
					s.Reconnect()
				}
				got = append(got, "")
				for _, r := range connection {
					body := strings.ToLower(string(r))
					d := message(body, body != string(r))
					at, known := s.Position(d)
					if known {
						continue
					}
					if offset > 0 && at.Offset != offset+1 {
						t.Errorf("position of %s = %v, want offset %d", body, at, offset+1)
					}
					offset = at.Offset
					s.Appended(d)
					got[i] += body
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("new messages (-want +got):\n%s", diff)
			}
		})
	}
}

// Exchange, message_id, headers and body identify a message, in deliveries of either
// kind.
func TestSequencer_IdentifiesMessagesByAllParts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*frame.Delivery){
		"nothing":      func(*frame.Delivery) {},
		"exchange":     func(d *frame.Delivery) { d.Exchange = []byte("y") },
		"message_id":   func(d *frame.Delivery) { d.MessageID = []byte("2") },
		"headers":      func(d *frame.Delivery) { d.Headers = []byte("\x01at\x00") },
		"headers' map": func(d *frame.Delivery) { d.Table = event.Table{"a": "b", "c": int64(2)} },
		"body":         func(d *frame.Delivery) { d.Body = []byte("Body") },
		"check":        func(d *frame.Delivery) { d.Check++ }, // of a body that is truncated
	} {
		for _, portable := range []bool{false, true} {
			read := message("body", false)
			read.Exchange, read.MessageID, read.Headers = []byte("x"), []byte("1"), []byte("\x01at\x01")
			if portable {
				read.Headers, read.Table = nil, event.Table{"a": "b", "c": int64(1)}
			}
			if portable && name == "headers" || !portable && name == "headers' map" {
				continue
			}
			s := sequence.New(9)
			s.Appended(read)
			s.Reconnect()
			again := *read
			again.Redelivered = true
			change(&again)
			if _, known := s.Position(&again); known != (name == "nothing") {
				t.Errorf("%s changed (portable: %t): known %t, want %t", name, portable, known, name == "nothing")
			}
		}
	}
}

// queue is a classic queue with a consumer that uses a sequencer.
type queue struct {
	sequencer *sequence.Sequencer
	prefetch  int
	messages  []frame.Delivery // oldest first, all that are not acknowledged
	sent      int              // so many of them are in flight
	taken     int              // so many of those were processed
	tag       uint64           // of the last one sent
	acked     uint64           // the tag that was acknowledged last
	read      []string         // the types of those that were new
}

func (q *queue) publish(body, typ string) {
	d := message(body, false)
	d.Type = []byte(typ) // is not part of what identifies a message
	q.messages = append(q.messages, *d)
}

func (q *queue) send() {
	if q.sent < min(len(q.messages), q.prefetch) {
		q.tag++
		q.messages[q.sent].Tag = q.tag
		q.sent++
	}
}

// take processes the next message in flight. If interrupted, the connection ends
// before it is appended.
func (q *queue) take(interrupted bool) {
	if q.taken == q.sent {
		return
	}
	d := &q.messages[q.taken]
	_, known := q.sequencer.Position(d)
	if interrupted {
		q.disconnect()
		return
	}
	q.taken++
	if !known {
		q.sequencer.Appended(d)
		q.read = append(q.read, string(d.Type))
	}
	q.acked = q.sequencer.AckTag(d)
}

// acknowledge has the broker process the last acknowledgement.
func (q *queue) acknowledge() {
	for len(q.messages) > 0 && q.taken > 0 && q.messages[0].Tag <= q.acked {
		q.messages = q.messages[1:]
		q.sent--
		q.taken--
	}
}

// disconnect ends the connection: what was not acknowledged is in the queue as
// before.
func (q *queue) disconnect() {
	for i := range q.sent {
		q.messages[i].Redelivered = true
	}
	q.sent, q.taken, q.tag, q.acked = 0, 0, 0, 0
	q.sequencer.Reconnect()
}

// step does something at random, with equal messages if bodies is small.
func (q *queue) step(t *rapid.T, bodies, published int) (publishes bool) {
	switch rapid.IntRange(0, 12).Draw(t, "step") {
	case 0:
		q.disconnect()
	case 1:
		q.take(true)
	case 2, 3:
		q.acknowledge()
	case 4, 5, 6:
		body := published
		if bodies < 1<<30 {
			body = rapid.IntRange(1, bodies).Draw(t, "body")
		}
		q.publish(strconv.Itoa(body), strconv.Itoa(published))
		return true
	case 7, 8, 9:
		q.send()
	default:
		q.take(false)
	}
	return false
}

// I2: wherever connections end, and whichever acknowledgement does not arrive, each
// message is read, in order; and once, if no two are equal.
func TestSequencer_LosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prefetch := rapid.IntRange(2, 8).Draw(t, "prefetch")
		bodies := rapid.SampledFrom([]int{1, 2, 3, 1 << 30}).Draw(t, "bodies")
		q := &queue{sequencer: sequence.New(prefetch), prefetch: prefetch}
		published := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if q.step(t, bodies, published) {
				published++
			}
		}
		for len(q.messages) > q.taken {
			q.send()
			q.take(false)
			q.acknowledge()
		}
		var first []string
		seen := map[string]bool{}
		for _, typ := range q.read {
			if !seen[typ] {
				first = append(first, typ)
			}
			seen[typ] = true
		}
		for i, typ := range first {
			if typ != strconv.Itoa(i) {
				t.Fatalf("read %v, want message %d before %s", q.read, i, typ)
			}
		}
		if len(first) != published || bodies == 1<<30 && len(q.read) != published {
			t.Fatalf("read %d of %d messages, in all %d times: %v", len(first), published, len(q.read), q.read)
		}
	})
}
