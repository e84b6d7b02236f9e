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

// ending is what a client does when its socket has ended.
type ending uint8

const (
	comeBack ending = iota // after a pause
	atOnce                 // without one: the server asked for it
	nextNode               // this one is away
	atFault                // after a pause; it is a finding
)

// tokenExpired closes a socket whose token has ended.
const tokenExpired = 4001

// endingOf returns what follows a close with this code (docs/protocol.md), where
// it may come; 1006 stands for a connection that broke. A client that behaves
// gets no other code.
func endingOf(code int) ending {
	switch code {
	case websocket.CloseServiceRestart:
		return atOnce
	case websocket.CloseGoingAway, websocket.CloseAbnormalClosure,
		tokenExpired, // a fresh one goes with each connect
		4100:         // too slow
		return comeBack
	default:
		return atFault
	}
}

// endingOfStatus returns what follows an answer to the upgrade that is none. The
// first three are a node's, or a balancer's, that has no node.
func endingOfStatus(status int) ending {
	if slices.Contains([]int{http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout}, status) {
		return nextNode
	}
	return atFault
}

// codeOf returns the code that a read ended with.
func codeOf(err error) (code int, reason string) {
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok && closed.Code != websocket.CloseAbnormalClosure {
		return closed.Code, closed.Text
	}
	return websocket.CloseAbnormalClosure, err.Error()
}

// pause waits before the next try after so many failures: 50 ms, then twice as
// long each time up to longest, less a random part of up to a half.
func pause(ctx context.Context, failures int, longest time.Duration) {
	d := min(50*time.Millisecond<<min(failures, 16), longest)
	d = d/2 + rand.N(d/2) //nolint:gosec // jitter needs no secrecy
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// whenDone calls f when ctx is done. What it returns takes that back, or waits
// for f's end.
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
