package amqp_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

// A reason is logged once a second, and what Peatio broadcasts once a minute. Each
// line says how many were suppressed since the one before it.
func TestUndeliveredLog_SuppressesLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		report := amqp.NewUndeliveredLog(slog.New(slog.NewJSONHandler(&logged, nil)))
		const messages = 1200 // in two minutes
		for i := range uint64(messages) {
			report(i, "x", event.NotJSON)
			report(i, "x", event.Broadcast)
			<-time.After(100 * time.Millisecond)
		}
		suppressed := map[event.Reason][]int{}
		for d := json.NewDecoder(&logged); d.More(); {
			var line struct {
				Reason     event.Reason
				Suppressed int
			}
			if err := d.Decode(&line); err != nil {
				t.Fatal(err)
			}
			suppressed[line.Reason] = append(suppressed[line.Reason], line.Suppressed)
		}
		for reason, want := range map[event.Reason]int{event.NotJSON: 120, event.Broadcast: 2} {
			got := suppressed[reason]
			if len(got) != want {
				t.Errorf("%s: got %d lines, want %d", reason, len(got), want)
			}
			for i, n := range got {
				if between := messages/want - 1; i > 0 && n != between {
					t.Errorf("%s: line %d says that %d were suppressed, want %d", reason, i, n, between)
				}
			}
		}
	})
}
