package amqp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

func TestMalformedRecordsAreNone(t *testing.T) {
	t.Parallel()
	for _, body := range malformedRecords() {
		for _, typ := range []string{"ranger.marker", "ranger.gap"} {
			if marker, _, gap := amqp.ReadRecord(&amqp091.Delivery{Type: typ, Body: []byte(body)}); marker || gap {
				t.Errorf("%.100q is taken for a %s", body, typ)
			}
		}
	}
}

// No body makes readers of records panic; a body is no record of both kinds, and
// none at all when it came through an exchange; a gap that was read is written
// and read alike.
func FuzzRecord(f *testing.F) {
	for _, body := range malformedRecords() {
		f.Add("ranger.marker", body)
		f.Add("ranger.gap", body)
	}
	for _, reason := range event.GapReasons() {
		f.Add("ranger.gap", string(event.Gap{From: 1, To: 2, Reason: reason, UID: alice, Member: "11"}.Record()))
	}
	f.Add("ranger.marker", `{"node":"node-a","id":"ABC","n":1,"at":1534776439123,"looked":1534776439000}`)
	f.Fuzz(func(t *testing.T, typ, body string) {
		d := &amqp091.Delivery{Type: typ, Body: []byte(body)}
		marker, gap, isGap := amqp.ReadRecord(d)
		if marker && isGap {
			t.Fatal("it is both")
		}
		if isGap {
			again, err := event.ParseGap(gap.Record())
			if diff := cmp.Diff(gap, again); err != nil || diff != "" {
				t.Fatalf("a gap changes on its way (-was +is):\n%s", diff)
			}
		}
		d.Exchange = "peatio.trade"
		if marker, _, gap := amqp.ReadRecord(d); marker || gap {
			t.Fatal("a publisher's message passes for a record")
		}
	})
}
