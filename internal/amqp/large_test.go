package amqp_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// textEntry is an entry of a table with a text.
func textEntry(key, text string) string {
	return shortText(key) + "S" + string(binary.BigEndian.AppendUint32(nil, uint32(len(text)))) + text
}

// ownerEntry names alice.
func ownerEntry() string { return textEntry("member_uid", string(alice)) }

// entries are so many, of which each has so much text.
func entries(count, size int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString(textEntry(fmt.Sprintf("k%d.%d", size, i), strings.Repeat("x", size)))
	}
	return b.String()
}

// What the intake and the library make of a table that is too large, or has too many
// entries, is the same, and neither ends the connection.
func TestLargeTables(t *testing.T) {
	t.Parallel()
	const maxBody = 100
	most := amqp.NewIntake(nil, theTag, maxBody).Most()
	for name, c := range map[string]struct {
		table string
		owned bool
	}{
		"one value":              {textEntry("pad", strings.Repeat("x", amqp.FrameMax)) + ownerEntry(), true},
		"by the offset":          {ownerEntry() + textEntry("pad", strings.Repeat("x", amqp.FrameMax-200)), true},
		"a broker's larger one":  {ownerEntry() + textEntry("pad", strings.Repeat("x", 1<<20)), true},
		"as large as may be":     {entries(100, 1300) + ownerEntry() + entries(100, 1<<16), true},
		"many, then short ones":  {entries(145, 900) + entries(100, 20) + ownerEntry(), true},
		"many":                   {entries(250, 600) + ownerEntry(), true},
		"as many as are read":    {entries(254, 1) + ownerEntry(), true}, // behind the offset
		"one more":               {entries(255, 1) + ownerEntry(), false},
		"twice in many":          {ownerEntry() + entries(253, 1) + ownerEntry(), false},
		"twice in more":          {ownerEntry() + entries(254, 1) + ownerEntry(), true},
		"many large, one behind": {entries(255, 600) + ownerEntry(), false},
	} {
		text := deliver(1, theTag, 1, 0, "orders") + header(1, 5, properties(offsetEntry(7)+c.table, "id", "type")) + frame(3, 1, []byte("hello"))
		want := byLibrary(t, text, most)
		_, got, err := sortNamed(text, 5000, maxBody, ownerHeaders())
		if diff := cmp.Diff(want, got); diff != "" || err != nil || len(got) != 1 {
			t.Errorf("%s: %v (-library +intake)\n%.3000s", name, err, diff)
			continue
		}
		h := got[0].Headers["member_uid"]
		if owned := h.Kind == event.TextHeader && string(h.Text) == string(alice); owned != c.owned || got[0].Offset != 7 {
			t.Errorf("%s: %+v at %d, want it alice's %t, at 7", name, h, got[0].Offset, c.owned)
		}
	}
}

// A table becomes as small as the broker and the library have agreed on, with the
// broker's own entry in it, and what has room.
func TestTidyMakesFitWhatIsAgreedOn(t *testing.T) {
	t.Parallel()
	for agreed, most := range map[uint32]int{0: amqp.FrameMax, 1: 4096, 10_000: 10_000, amqp.FrameMax: amqp.FrameMax, 1 << 20: amqp.FrameMax} {
		tune := frame(1, 0, append(binary.BigEndian.AppendUint32([]byte{0, 10, 0, 30, 0, 0}, agreed), 0, 0))
		_, large, after := frameOf([]byte(offsetEntry(7) + entries(150, 250) + entries(200, 10_000)))
		got, err := io.ReadAll(amqp.Tidy(newFed(tune + string(large) + string(after))))
		if err != nil {
			t.Fatal(err)
		}
		size := len(got) - len(tune) - len(after)
		if size > most || size < min(most, 40_000)-300 || !strings.Contains(string(got), offsetEntry(7)) {
			t.Errorf("agreed on %d: a frame of %d bytes, want no more than %d", agreed, size, most)
		}
		if string(got[len(tune)+3:len(tune)+7]) != string(binary.BigEndian.AppendUint32(nil, uint32(size-8))) {
			t.Errorf("agreed on %d: the frame says another size than %d", agreed, size)
		}
	}
}

// I4: RabbitMQ adds its offset to the largest table that it takes, and sends what
// is larger than any frame was to be: that holds up no node, none that starts, and
// not who walks the stream.
func TestPublisherFillsAFrameWithHeaders(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t, testenv.RabbitMQ(t))
	n := startNode(t, cfg)
	n.awaitFollowing(t)
	alices := n.tap(t, alice)
	p := newPeer(t, cfg.URL)
	room := amqp.FrameMax - len(header(1, 0, properties(ownerEntry()+textEntry("pad", ""), "", ""))) + len(properties("", "", "")) - 6
	d := order(1)
	p.publish(cfg.Exchanges.Orders, "", amqp091.Publishing{
		Headers: amqp091.Table{"member_uid": string(alice), "pad": strings.Repeat("x", room)}, Body: d.Body,
	})
	p.send(cfg, order(2))
	if got := fmt.Sprint(numbers(t, alices.await(t, idText(2)))); got != "[1 2]" {
		t.Errorf("alice got %s, want [1 2]", got)
	}
	next := startNode(t, cfg)
	next.awaitFollowing(t)
	for _, n := range []*node{n, next} {
		if n.log.count(says("will reconnect")) > 0 {
			t.Errorf("the message ended a connection: %v", n.log.items)
		}
	}
	var walked []string
	if err := amqp.Walk(t.Context(), cfg, 0, time.Hour, func(m amqp.Stored) bool {
		if m.Record() == "" {
			walked = append(walked, fmt.Sprint(m.Headers["member_uid"]))
		}
		return true
	}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{string(alice), string(alice)}, walked); diff != "" {
		t.Errorf("walked (-want +got):\n%s", diff)
	}
}

// What the library makes a delivery of though the intake takes all is a fault, and
// no end.
func TestDeliveryPassesTheIntake(t *testing.T) {
	t.Parallel()
	in := amqp.NewIntake(nil, theTag, 100)
	ended := make(chan amqp091.Delivery, 1)
	ended <- amqp091.Delivery{}
	err := amqp.Loop(t.Context(), in, ended, amqp.Config{}, journal.New(journal.Config{}), new(counted))
	if err == nil || !strings.Contains(err.Error(), "pass by") {
		t.Errorf("the loop ended with %v", err)
	}
}
