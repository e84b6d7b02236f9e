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
	// maxLines is how many refusals are logged in a second. The log shows what
	// fails; how much of it, the metrics tell.
	maxLines = 20
	// maxLogged is how many bytes of a token's value a log line shows.
	maxLogged = 128
)

// subject is what a token says of itself, true or not. Values that cannot be read
// are empty.
type subject struct {
	keyID  string // header kid
	issuer string // claim iss
	uid    string // the user's claim
}

// refusalLog writes a line for each refusal, at most maxLines a second; a line
// after suppressed ones tells how many. Safe for concurrent use.
type refusalLog struct {
	log *slog.Logger

	mu         sync.Mutex
	second     time.Time // when the first line of this second was written
	lines      int       // written since then
	suppressed int       // refusals since the last line
}

// write logs one refusal. The token itself is not even given to it.
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

// take says whether a line may be written now, and how many were not since the
// last.
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

// printable returns s as it is when it is short printable ASCII, else a quoted and
// cut form of it that no terminal and no log reader stumbles over.
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
