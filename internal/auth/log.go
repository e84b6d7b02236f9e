package auth

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"time"

	"ranger/internal/ratelog"
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
	log   *slog.Logger
	limit ratelog.Limiter
}

func newRefusalLog(log *slog.Logger) *refusalLog {
	return &refusalLog{log: log, limit: ratelog.Limiter{Lines: maxLines}}
}

// write logs one refusal. It does not get the token.
func (l *refusalLog) write(ctx context.Context, reason Reason, about subject, peer netip.AddrPort) {
	suppressed, ok := l.limit.Allow(time.Second)
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
