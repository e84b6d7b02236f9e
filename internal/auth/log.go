package auth

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

const (
	// maxLines is the maximum number of refusals that are logged per second. The metrics
	// count all of them.
	maxLines = 20
	// maxLogged is the maximum number of bytes of a token's value in a log line.
	maxLogged = 128
)

// subject is what a token, valid or not, states about itself. Values that cannot be read
// are empty.
type subject struct {
	keyID  string // header kid
	issuer string // claim iss
	uid    string // claim UIDClaim
}

// refusalLog logs refusals, at most maxLines per second. The line after suppressed ones
// has their number. It is safe for concurrent use.
type refusalLog struct {
	log *slog.Logger

	mu         sync.Mutex
	second     time.Time // time of the first line of the current second
	lines      int       // written since then
	suppressed int       // refusals since the last line
}

// write logs one refusal. It does not get the token.
func (l *refusalLog) write(ctx context.Context, now time.Time, reason Reason, about subject, peer netip.AddrPort) {
	suppressed, ok := l.take(now)
	if !ok {
		return
	}
	attrs := []slog.Attr{slog.String("reason", string(reason)), slog.String("peer", peer.String())}
	for _, value := range []struct{ key, text string }{
		{"kid", about.keyID}, {"iss", about.issuer}, {"uid", about.uid},
	} {
		if value.text != "" {
			attrs = append(attrs, slog.String(value.key, printable(value.text)))
		}
	}
	if suppressed > 0 {
		attrs = append(attrs, slog.Int("suppressed", suppressed))
	}
	l.log.LogAttrs(ctx, slog.LevelInfo, "token refused", attrs...)
}

// take reports whether a line may be written now, and how many were suppressed since the
// last one.
func (l *refusalLog) take(now time.Time) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.second) >= time.Second {
		l.second, l.lines = now, 0
	}
	if l.lines == maxLines {
		l.suppressed++
		return 0, false
	}
	l.lines++
	suppressed, l.suppressed = l.suppressed, 0
	return suppressed, true
}

// printable returns s unchanged if it is short printable ASCII, else in a quoted and
// truncated form that is safe for terminals and logs.
func printable(s string) string {
	mark := ""
	if len(s) > maxLogged {
		s, mark = s[:maxLogged], "..."
	}
	if quoted := strconv.QuoteToASCII(s); quoted != `"`+s+`"` {
		s = quoted
	}
	return s + mark
}
