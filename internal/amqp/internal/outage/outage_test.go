package outage_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/outage"
)

// lines returns what a Log has written since the last call.
func lines(b *bytes.Buffer) []string {
	defer b.Reset()
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// Each host is logged once per outage, with its advice, then one line a minute follows
// with the number of attempts.
func TestLog_LogsOncePerHostThenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		l := outage.New(slog.New(slog.NewTextHandler(&b, nil)))
		away := conn.WithAdvice(errors.New("away"), "do this")
		for outages := range 2 {
			for range 5 {
				l.Failed(t.Context(), "a:1", away)
				l.Failed(t.Context(), "b:1", away)
			}
			got := lines(&b)
			if len(got) != 2 || !strings.Contains(got[0], "lost the broker") || !strings.Contains(got[0], "host=a:1") ||
				!strings.Contains(got[1], "host=b:1") || !strings.Contains(got[1], `advice="do this"`) {
				t.Errorf("outage %d: got %q, want a line for each host", outages, got)
			}
			for minute := 1; minute <= 3; minute++ {
				<-time.After(time.Minute - time.Second)
				l.Failed(t.Context(), "a:1", away)
				if got := lines(&b); got[0] != "" {
					t.Errorf("within minute %d: got %q, want nothing", minute, got)
				}
				<-time.After(time.Second)
				l.Failed(t.Context(), "a:1", away)
				got := lines(&b)
				want := []string{"still away", "attempts=" + []string{"12", "14", "16"}[minute-1], "seconds=" + []string{"60", "120", "180"}[minute-1], "error=away"}
				for _, w := range want {
					if len(got) != 1 || !strings.Contains(got[0], w) {
						t.Errorf("after minute %d: got %q, want one line with %s", minute, got, w)
					}
				}
			}
			l.Over()
		}
	})
}
