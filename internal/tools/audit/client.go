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
	// handshakeTimeout bounds dialling, the upgrade, and the wait for the
	// success line, each.
	handshakeTimeout = 10 * time.Second
	// writeTimeout bounds each write.
	writeTimeout = 5 * time.Second
	// silence is how long nothing may come; a heartbeat comes every 15 s.
	silence = 60 * time.Second
	// longestFrame is the largest message of a server in bytes.
	longestFrame = 1 << 20
	// longestPause is the longest between two tries to connect.
	longestPause = 2 * time.Second
)

// client is one user's, somewhere: a socket at a node, and after its end another
// at some node, resumed.
type client struct {
	// Fixed at construction.
	nodes  []string
	dialer websocket.Dialer
	token  func(event.UID) (string, error)
	// ready is called once, when the first socket has its position; failed each
	// time that a try to connect fails.
	ready  func()
	failed func(error)

	// Owned by run.
	witness witness
	begun   bool // ready was called
	buf     bytes.Buffer

	mu   sync.Mutex
	conn net.Conn // guarded by mu: nil while there is none
}

// run connects, reads and reconnects until ctx is done. It waits for all that it
// starts.
func (c *client) run(ctx context.Context) {
	node, refusals, failures := c.anyNode(), 0, 0
	for ctx.Err() == nil {
		end := c.socket(ctx, c.nodes[node])
		if c.witness.authenticated {
			refusals, failures = 0, 0
		}
		switch {
		case end == nextNode && refusals < len(c.nodes)-1:
			refusals++
			node = (node + 1) % len(c.nodes)
		case end == atOnce && c.witness.authenticated:
			node = c.anyNode()
		default:
			pause(ctx, failures, longestPause)
			refusals = 0
			failures++
			node = c.anyNode()
		}
	}
}

func (c *client) anyNode() int {
	return rand.IntN(len(c.nodes)) //nolint:gosec // a choice needs no secrecy
}

// socket is the life of one socket, and counts what is wrong with its end.
func (c *client) socket(ctx context.Context, node string) ending {
	c.witness.connected()
	end, err := c.try(ctx, node)
	if ctx.Err() != nil {
		return end
	}
	c.failed(fmt.Errorf("client %s at %s: %w", c.witness.transcript.name, node, err))
	if end == atFault {
		c.witness.broken(about{}, "at %s: %v", node, err)
	}
	return end
}

// try connects, authenticates and reads until the socket's end, whose cause is
// the error.
func (c *client) try(ctx context.Context, node string) (ending, error) {
	token, err := c.token(c.witness.transcript.uid)
	if err != nil {
		return atFault, fmt.Errorf("make a token: %w", err)
	}
	ws, response, err := c.dialer.DialContext(ctx, node, nil)
	if response != nil && response.Body != nil {
		defer response.Body.Close() //nolint:errcheck // gorilla has read what there is
	}
	switch {
	case err == nil:
	case errors.Is(err, websocket.ErrBadHandshake) && response != nil:
		return endingOfStatus(response.StatusCode), fmt.Errorf("upgrade: %w: status %s", err, response.Status)
	default:
		return nextNode, fmt.Errorf("connect: %w", err)
	}
	defer c.own(ctx, ws)()
	hello := `{"jwt":"Bearer ` + token + `","resume":true}`
	if c.witness.asked != "" {
		hello = `{"jwt":"Bearer ` + token + `","resume":"` + c.witness.asked + `"}`
	}
	if err := say(ws, hello); err != nil {
		return comeBack, fmt.Errorf("authenticate: %w", err)
	}
	return c.read(ctx, ws)
}

// own makes the connection the client's, which the end of ctx closes, and
// returns what gives it up.
func (c *client) own(ctx context.Context, ws *websocket.Conn) (giveUp func()) {
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
		_ = ws.Close() // it has ended
		c.mu.Lock()
		c.conn = nil
		c.mu.Unlock()
	}
}

// cut breaks the connection, if there is one, as a lost network does: without a
// close frame.
func (c *client) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// read reads messages until the socket ends.
func (c *client) read(ctx context.Context, ws *websocket.Conn) (ending, error) {
	ws.SetReadLimit(longestFrame)
	pong := ws.PingHandler()
	ws.SetPingHandler(func(data string) error {
		_ = ws.SetReadDeadline(c.deadline())
		return pong(data)
	})
	for {
		_ = ws.SetReadDeadline(c.deadline())
		err := c.next(ws)
		if err != nil {
			return c.ended(ctx, err)
		}
		renew, err := c.witness.message(c.buf.Bytes())
		if err != nil {
			return atFault, err
		}
		if c.witness.authenticated && !c.begun {
			c.begun = true
			c.ready()
		}
		if renew {
			if err := c.renew(ws); err != nil {
				return comeBack, err
			}
		}
	}
}

// deadline is when the next message has to have come.
func (c *client) deadline() time.Time {
	if c.witness.authenticated {
		return time.Now().Add(silence)
	}
	return time.Now().Add(handshakeTimeout)
}

// next reads a message into c.buf.
func (c *client) next(ws *websocket.Conn) error {
	c.buf.Reset()
	kind, r, err := ws.NextReader()
	if err != nil {
		return err
	}
	if _, err = c.buf.ReadFrom(r); err == nil && kind != websocket.TextMessage {
		c.buf.Reset() // no known kind of message
	}
	return err
}

// ended returns what follows an error of reading, and counts its code.
func (c *client) ended(ctx context.Context, err error) (ending, error) {
	code, reason := codeOf(err)
	if ctx.Err() == nil {
		c.witness.transcript.closed(code)
	}
	end, why := c.witness.ended(code)
	return end, fmt.Errorf("closed with %d %s%s", code, reason, why)
}

// renew sends a new token on the same socket.
func (c *client) renew(ws *websocket.Conn) error {
	token, err := c.token(c.witness.transcript.uid)
	if err != nil {
		return fmt.Errorf("make a token: %w", err)
	}
	return say(ws, `{"jwt":"Bearer `+token+`"}`)
}

func say(ws *websocket.Conn, text string) error {
	if err := ws.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return ws.WriteMessage(websocket.TextMessage, []byte(text))
}
