package scan_test

import (
	"context"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/scan"
	"ranger/internal/testenv"
)

// A broker that ends connections for another reason, and delivers the message later, costs
// nothing. Only what it fails on before and after it has delivered a later message is
// skipped.
func TestProber_SkipsNothingThatIsDeliverable(t *testing.T) {
	t.Parallel()
	url := testenv.RabbitMQ(t)
	cfg, p := amqptest.NewConfig(t, url), amqptest.NewPeer(t, url)
	p.DeclareStream(cfg.Stream, nil)
	for range 5 {
		p.Publish("", cfg.Stream, amqp091.Publishing{Body: []byte("x")})
	}
	for name, c := range map[string]struct {
		crashes string // by connection: x if it crashes
		code    uint16
		want    uint64
		fails   bool
	}{
		"nothing is wrong":        {crashes: "-", code: 541, want: 1},
		"it is over at once":      {crashes: "x--", code: 541, want: 1},
		"it is over later":        {crashes: "xxx--", code: 541, want: 1},
		"one entry":               {crashes: "x-x", code: 541, want: 2},
		"three entries":           {crashes: "xxx-x", code: 541, want: 4},
		"a frame is not readable": {crashes: "x-x", code: 501, want: 2},
		"another error":           {crashes: "x", code: 320, fails: true},
		"another error later":     {crashes: "x-y", code: 541, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, consumers := amqptest.NewProxy(t, url), 0
			proxy.Edit(func(frame []byte) []byte {
				if amqptest.MethodOf(frame) != amqptest.BasicConsumeOK {
					return frame
				}
				consumers++
				switch outcome := c.crashes[min(consumers, len(c.crashes))-1]; outcome {
				case 'x':
					return amqptest.CloseConnection(c.code, "INTERNAL_ERROR")
				case 'y':
					return amqptest.CloseConnection(320, "CONNECTION_FORCED")
				default:
					return frame
				}
			})
			prober := scan.Prober{Stream: cfg.Stream, Timeout: testenv.Patience, Dial: func(ctx context.Context) (*conn.Conn, error) {
				return conn.Dial(ctx, proxy.URL, conn.Options{Timeouts: amqptest.Timeouts()})
			}}
			got, err := prober.Next(t.Context(), 1)
			if (err != nil) != c.fails || !c.fails && got != c.want {
				t.Errorf("got offset %d, error %v, want %d, an error: %t", got, err, c.want, c.fails)
			}
			if want := len(c.crashes); consumers != want {
				t.Errorf("got %d probes, want %d", consumers, want)
			}
		})
	}
}
