package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
)

const (
	// handshakeTimeout bounds the dial, the upgrade and the wait for the success
	// line, each.
	handshakeTimeout = 10 * time.Second
	// writeTimeout bounds each write.
	writeTimeout = 5 * time.Second
	// readTimeout bounds the wait for a message. Heartbeats come every 15 s.
	readTimeout = 60 * time.Second
	// maxMessage is the longest message of a server, in bytes.
	maxMessage = 1 << 20
	// maxPause is the longest pause between two connects.
	maxPause = 2 * time.Second
)

// client is one client of a user. It has one socket at a time, at any node, and
// resumes on the next one.
type client struct {
	// Fixed at construction.
	nodes  []string
	dialer websocket.Dialer
	token  func(event.UID) (string, error)
	// onReady is called once, when the first socket has its position; onFailure is
	// called each time that a socket ends.
	onReady   func()
	onFailure func(error)

	// Owned by run.
	checker checker
	started bool // onReady was called
	buf     bytes.Buffer

	mu   sync.Mutex
	conn net.Conn // guarded by mu: nil between sockets
}

// run connects, reads and reconnects until ctx is done. It waits for everything that
// it starts.
func (c *client) run(ctx context.Context) {
	node, refusals, failures := c.anyNode(), 0, 0
	for ctx.Err() == nil {
		next := c.runSocket(ctx, c.nodes[node])
		if c.checker.authenticated {
			refusals, failures = 0, 0
		}
		switch {
		case next == tryNextNode && refusals < len(c.nodes)-1:
			refusals++
			node = (node + 1) % len(c.nodes)
		case next == retryNow && c.checker.authenticated:
			node = c.anyNode()
		default:
			pause(ctx, failures, maxPause)
			refusals = 0
			failures++
			node = c.anyNode()
		}
	}
}

func (c *client) anyNode() int {
	return rand.IntN(len(c.nodes)) //nolint:gosec // a choice needs no secrecy
}

// runSocket runs one socket until its end and reports an end that is a fault.
func (c *client) runSocket(ctx context.Context, node string) action {
	c.checker.connected()
	next, err := c.connectAndRead(ctx, node)
	if ctx.Err() != nil {
		return next
	}
	c.onFailure(fmt.Errorf("client %s at %s: %w", c.checker.transcript.name, node, err))
	if next == reportFault {
		c.checker.broken(subject{}, "at %s: %v", node, err)
	}
	return next
}

// connectAndRead connects, authenticates and reads until the socket ends. The error
// says why it ended.
func (c *client) connectAndRead(ctx context.Context, node string) (action, error) {
	token, err := c.token(c.checker.transcript.uid)
	if err != nil {
		return reportFault, fmt.Errorf("sign a token: %w", err)
	}
	ws, response, err := c.dialer.DialContext(ctx, node, nil)
	if response != nil && response.Body != nil {
		defer response.Body.Close() //nolint:errcheck // gorilla has read the body
	}
	switch {
	case err == nil:
	case errors.Is(err, websocket.ErrBadHandshake) && response != nil:
		return actionAfterStatus(response.StatusCode), fmt.Errorf("upgrade: %w: status %s", err, response.Status)
	default:
		return tryNextNode, fmt.Errorf("connect: %w", err)
	}
	defer c.attach(ctx, ws)()
	hello := `{"jwt":"Bearer ` + token + `","resume":true}`
	if c.checker.requested != "" {
		hello = `{"jwt":"Bearer ` + token + `","resume":"` + c.checker.requested + `"}`
	}
	if err := writeText(ws, hello); err != nil {
		return retryLater, fmt.Errorf("authenticate: %w", err)
	}
	return c.read(ctx, ws)
}

// attach makes ws the client's connection and closes it when ctx is done. detach
// undoes both and closes ws.
func (c *client) attach(ctx context.Context, ws *websocket.Conn) (detach func()) {
	c.mu.Lock()
	c.conn = ws.NetConn()
	c.mu.Unlock()
	release := whenDone(ctx, func() {
		goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = ws.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second))
		_ = ws.Close()
	})
	return func() {
		release()
		_ = ws.Close() // it has ended already
		c.mu.Lock()
		c.conn = nil
		c.mu.Unlock()
	}
}

// cut breaks the connection, if there is one, without a close frame, as a network
// failure does.
func (c *client) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// read reads messages until the socket ends.
func (c *client) read(ctx context.Context, ws *websocket.Conn) (action, error) {
	ws.SetReadLimit(maxMessage)
	pong := ws.PingHandler()
	ws.SetPingHandler(func(data string) error {
		_ = ws.SetReadDeadline(c.deadline())
		return pong(data)
	})
	for {
		_ = ws.SetReadDeadline(c.deadline())
		err := c.readMessage(ws)
		if err != nil {
			return c.ended(ctx, err)
		}
		renew, err := c.checker.message(c.buf.Bytes())
		if err != nil {
			return reportFault, err
		}
		if c.checker.authenticated && !c.started {
			c.started = true
			c.onReady()
		}
		if renew {
			if err := c.renew(ws); err != nil {
				return retryLater, err
			}
		}
	}
}

// deadline returns the latest time for the next message.
func (c *client) deadline() time.Time {
	if c.checker.authenticated {
		return time.Now().Add(readTimeout)
	}
	return time.Now().Add(handshakeTimeout)
}

// readMessage reads one message into c.buf.
func (c *client) readMessage(ws *websocket.Conn) error {
	c.buf.Reset()
	kind, r, err := ws.NextReader()
	if err != nil {
		return err
	}
	if _, err = c.buf.ReadFrom(r); err == nil && kind != websocket.TextMessage {
		c.buf.Reset() // the checker reports it as unknown
	}
	return err
}

// ended returns the action after a read error, and counts its close code.
func (c *client) ended(ctx context.Context, err error) (action, error) {
	code, reason := closeCode(err)
	if ctx.Err() == nil {
		c.checker.transcript.closed(code)
	}
	next, why := c.checker.ended(code)
	return next, fmt.Errorf("closed with %d %s%s", code, reason, why)
}

// renew sends a new token on the same socket.
func (c *client) renew(ws *websocket.Conn) error {
	token, err := c.token(c.checker.transcript.uid)
	if err != nil {
		return fmt.Errorf("sign a token: %w", err)
	}
	return writeText(ws, `{"jwt":"Bearer `+token+`"}`)
}

func writeText(ws *websocket.Conn, text string) error {
	if err := ws.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return ws.WriteMessage(websocket.TextMessage, []byte(text))
}
