package audit_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/hub/hubtest"
)

// cluster is a scripted ranger: a stream and any number of nodes that serve it with
// the resume protocol over pipes. It follows the protocol unless a hook changes that.
type cluster struct {
	tb     testing.TB
	pipes  *hubtest.Pipes
	server http.Server
	ended  sync.WaitGroup // sockets and the server

	mu       sync.Mutex
	stream   []message        // guarded by mu
	ids      map[string]bool  // guarded by mu: message ids that were stored
	sockets  map[*socket]bool // guarded by mu
	more     chan struct{}    // guarded by mu: closed and replaced when the stream grows
	oldest   int              // guarded by mu: positions before this index cannot be resumed from
	refused  map[string]bool  // guarded by mu: hosts that refuse connections
	statuses map[string]int   // guarded by mu: HTTP status by host, instead of an upgrade
	welcomes map[string]int   // guarded by mu: success lines by host
	opened   int              // guarded by mu: sockets so far

	// Hooks, fixed before the run. Each may be nil.
	spoil    func(s *socket, o outgoing) []outgoing         // changes events
	prefix   func(s *socket) []string                       // messages before the success line
	answer   func(s *socket) string                         // replaces the success line
	lastHook func(last *uint64) *uint64                     // changes heartbeat.last
	interval time.Duration                                  // between heartbeats; 15 s by default
	expires  time.Duration                                  // between announcements that the token expires; 0: none
	publish  func(n int, id string) (store bool, err error) // the broker's answer to event n
}

// message is a message of the stream: events or a gap.
type message struct {
	offset uint64
	check  uint32
	events []event.Event
	gap    string // the frame without position and end
}

func (m message) position() string { return fmt.Sprintf("%d.%08x", m.offset, m.check) }

// outgoing is an event about to be sent on a socket.
type outgoing struct {
	offset  uint64
	check   uint32
	prev    *uint64
	message string
	replay  bool
}

func (o outgoing) text() string {
	return strings.TrimSuffix(o.message, "}") + fmt.Sprintf(`,"position":"%d.%08x"%s,"at":%d%s}`, o.offset, o.check,
		optional(`,"prev":%d`, o.prev), time.Now().UnixMilli(), map[bool]string{true: `,"replay":true`}[o.replay])
}

// socket is a client's socket at a node.
type socket struct {
	uid    event.UID
	opened int // number among all sockets, from 1
	ws     *websocket.Conn
	jobs   chan func(*websocket.Conn) error // run by the writer
	gone   chan struct{}                    // closed when the reader has ended
}

// challenge has 40 bytes, as the protocol prescribes.
const challenge = `{"challenge":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OQ"}`

// newCluster starts a cluster and ends it with the test.
func newCluster(tb testing.TB) *cluster {
	c := &cluster{
		tb: tb, pipes: hubtest.NewPipes(),
		stream: []message{{offset: 40, check: 0x9f3c2a11}}, // a marker
		ids:    make(map[string]bool), sockets: make(map[*socket]bool), more: make(chan struct{}),
		refused: make(map[string]bool), statuses: make(map[string]int), welcomes: make(map[string]int),
	}
	c.server = http.Server{Handler: http.HandlerFunc(c.upgrade), ReadHeaderTimeout: time.Minute}
	c.ended.Go(func() { _ = c.server.Serve(c.pipes) })
	tb.Cleanup(func() {
		_ = c.server.Close()
		c.ended.Wait()
	})
	return c
}

// dial opens a client's connection.
func (c *cluster) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(addr)
	c.mu.Lock()
	refused := c.refused[host]
	c.mu.Unlock()
	if refused {
		return nil, errors.New("connection refused")
	}
	return c.pipes.Dial(ctx)
}

func (c *cluster) upgrade(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(r.Host, ":")
	c.mu.Lock()
	status := c.statuses[host]
	c.mu.Unlock()
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		c.tb.Error(err)
		return
	}
	s := &socket{ws: ws, jobs: make(chan func(*websocket.Conn) error, 100), gone: make(chan struct{})}
	c.ended.Go(func() {
		defer ws.Close() //nolint:errcheck // it has ended already
		c.serve(s, host)
	})
}

// serve serves a socket until it ends; it is its writer.
func (c *cluster) serve(s *socket, host string) {
	received := make(chan []byte, 1)
	c.ended.Go(func() { c.listen(s, received) }) // pipes have no buffer and both sides write at once
	if s.ws.WriteMessage(websocket.TextMessage, []byte(challenge)) != nil {
		return
	}
	var hello struct {
		JWT    string `json:"jwt"`
		Resume any    `json:"resume"`
	}
	select {
	case <-s.gone:
		return
	case text := <-received:
		if err := json.Unmarshal(text, &hello); err != nil {
			c.tb.Error(err)
			return
		}
	}
	s.uid = event.UID(strings.TrimPrefix(hello.JWT, "Bearer "))
	position, _ := hello.Resume.(string)
	at, head, success := c.begin(s, position)
	var lines []string
	if c.prefix != nil {
		lines = c.prefix(s)
	}
	if c.answer != nil {
		if text := c.answer(s); text != "" {
			success = text
		}
	}
	for _, text := range append(lines, success) {
		if s.ws.WriteMessage(websocket.TextMessage, []byte(text)) != nil {
			return
		}
	}
	c.mu.Lock()
	c.sockets[s] = true
	c.welcomes[host]++
	c.mu.Unlock()
	c.write(s, at, head)
	c.mu.Lock()
	delete(c.sockets, s)
	c.mu.Unlock()
}

// begin returns the index of the message after which the socket begins, the index of
// the last message to replay (-1: none), and the success line.
func (c *cluster) begin(s *socket, position string) (at, head int, success string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	s.opened = c.opened
	last := len(c.stream) - 1
	for i, m := range c.stream {
		if position == m.position() && i >= c.oldest {
			return i, last, `{"success":{"message":"Authenticated.","resumed":true}}`
		}
	}
	success = `{"success":{"message":"Authenticated.","position":"` + c.stream[last].position() + `"`
	if position != "" {
		success += `,"resumed":false`
	}
	return last, -1, success + `}}`
}

// listen passes the first message to first and answers the tokens after it.
func (c *cluster) listen(s *socket, first chan<- []byte) {
	defer close(s.gone)
	_, text, err := s.ws.ReadMessage()
	if err != nil {
		return
	}
	first <- text
	for {
		if _, _, err := s.ws.ReadMessage(); err != nil {
			return
		}
		s.jobs <- func(ws *websocket.Conn) error {
			return ws.WriteMessage(websocket.TextMessage, []byte(`{"success":{"message":"Authenticated."}}`))
		}
	}
}

// write writes the messages after index at, and later ones as they are stored.
func (c *cluster) write(s *socket, at, head int) {
	beat := time.NewTicker(cmp.Or(c.interval, 15*time.Second))
	defer beat.Stop()
	var expiry <-chan time.Time
	if c.expires > 0 {
		ticker := time.NewTicker(c.expires)
		defer ticker.Stop()
		expiry = ticker.C
	}
	write := func(text string) error { return s.ws.WriteMessage(websocket.TextMessage, []byte(text)) }
	replay := head >= 0
	for {
		c.mu.Lock()
		news, more := c.stream[at+1:], c.more
		if replay {
			news = c.stream[at+1 : head+1]
		}
		c.mu.Unlock()
		for _, m := range news {
			for _, text := range c.texts(s, m, at+1 <= head) {
				if write(text) != nil {
					return
				}
			}
			at++
		}
		if replay {
			replay = false
			if write(c.heartbeat(s, at)) != nil {
				return
			}
			continue
		}
		var err error
		select {
		case <-more:
		case <-beat.C:
			err = write(c.heartbeat(s, at))
		case <-expiry:
			err = write(`{"token":{"expires_in":60}}`)
		case f := <-s.jobs:
			err = f(s.ws)
		case <-s.gone:
			return
		}
		if err != nil {
			return
		}
	}
}
