package topology_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/event"
)

// A broker that ends the connection instead of declaring the probe may have done so for
// another cause: the first connection after an hour asks again.
func TestGuard_AsksForProbeAgainAfterAnHour(t *testing.T) {
	t.Parallel()
	g, cfg, p, proxy := guardedThroughProxy(t)
	probe := []byte(amqptest.Probe(cfg, cfg.Exchanges.Orders))
	proxy.Edit(func(frame []byte) []byte {
		if amqptest.MethodOf(frame) == amqptest.QueueDeclareOK && bytes.Contains(frame, probe) {
			return amqptest.CloseConnection(amqp091.InternalError, "INTERNAL_ERROR")
		}
		return frame
	})
	for range 2 { // the first may have had another cause
		if err := g.Check(t.Context(), g); !conn.IsCode(err, amqp091.InternalError) {
			t.Fatalf("check without a probe: got error %v, want code %d", err, amqp091.InternalError)
		}
		g.conn = dial(t, g.url)
		g.topology.Use(g.conn)
	}
	proxy.Edit(nil)
	for _, c := range []struct {
		passed time.Duration
		want   []event.GapReason // of a message that only the probe has
	}{
		{0, nil},
		{59 * time.Minute, nil},
		{time.Minute, []event.GapReason{event.GapBinding}},
	} {
		g.topology.AgeDenials(c.passed)
		g.connect(t)
		p.Send(cfg.Exchanges, amqptest.Order(1))
		if diff := cmp.Diff(c.want, g.check(t)); diff != "" {
			t.Errorf("after another %v: gaps (-want +got):\n%s", c.passed, diff)
		}
	}
}
