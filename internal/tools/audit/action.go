package audit

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// action is what a client does after its socket has ended.
type action uint8

const (
	retryLater  action = iota // reconnect after a pause
	retryNow                  // reconnect at once, because the server asked for it
	tryNextNode               // this node is not available
	reportFault               // report a finding, then reconnect after a pause
)

// tokenExpired is the close code of a socket whose token has expired.
const tokenExpired = 4001

// actionAfter returns the action after a close with this code (docs/protocol.md);
// 1006 means that the connection broke. A client that keeps to the protocol gets no
// code but those listed.
func actionAfter(code int) action {
	switch code {
	case websocket.CloseServiceRestart:
		return retryNow
	case websocket.CloseGoingAway, websocket.CloseAbnormalClosure,
		tokenExpired, // each connect sends a new token
		4100:         // too slow
		return retryLater
	default:
		return reportFault
	}
}

// actionAfterStatus returns the action after an HTTP status other than 101. The
// first three come from a node, or from a load balancer without one.
func actionAfterStatus(status int) action {
	if slices.Contains([]int{http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout}, status) {
		return tryNextNode
	}
	return reportFault
}

// closeCode returns the close code and reason that a read error reports.
func closeCode(err error) (code int, reason string) {
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok && closed.Code != websocket.CloseAbnormalClosure {
		return closed.Code, closed.Text
	}
	return websocket.CloseAbnormalClosure, err.Error()
}

// pause waits before the next try: 50 ms, doubled after each failure up to longest,
// less a random part of up to a half.
func pause(ctx context.Context, failures int, longest time.Duration) {
	d := min(50*time.Millisecond<<min(failures, 16), longest)
	d = d/2 + rand.N(d/2) //nolint:gosec // jitter needs no secrecy
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// whenDone calls f when ctx is done. release cancels that, or waits until f has
// returned.
func whenDone(ctx context.Context, f func()) (release func()) {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		f()
	})
	return func() {
		if !stop() {
			<-ended
		}
	}
}
