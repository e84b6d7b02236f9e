package conn_test

import (
	"testing"
	"time"

	"ranger/internal/amqp/internal/conn"
)

// A dead host is noticed within 15 s, and one that hangs delays the end of the process
// by no more than 3 s.
func TestTimeouts_Defaults(t *testing.T) {
	t.Parallel()
	const missed = 3 // heartbeats, until the library closes the connection
	got := conn.DefaultTimeouts()
	if dead, want := missed*got.Heartbeat, 15*time.Second; dead > want {
		t.Errorf("got heartbeats every %v, which notice a dead host after %v, want within %v", got.Heartbeat, dead, want)
	}
	if want := 3 * time.Second; got.Close > want {
		t.Errorf("got Close %v, want %v at most", got.Close, want)
	}
}
