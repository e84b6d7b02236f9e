package audit_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"ranger/internal/event"
	"ranger/internal/tools/audit"
)

// texts returns the frames of a message for the socket.
func (c *cluster) texts(s *socket, m message, replay bool) []string {
	if m.gap != "" {
		return []string{m.gap + `,"position":"` + m.position() + `"}}`}
	}
	var texts []string
	for _, e := range m.events {
		if e.UID != s.uid {
			continue
		}
		all := []outgoing{{m.offset, m.check, c.last(s.uid, m.offset), string(e.Message), replay}}
		if c.spoil != nil {
			all = c.spoil(s, all[0])
		}
		for _, o := range all {
			texts = append(texts, o.text())
		}
	}
	return texts
}

// last returns the offset of the user's last event before offset.
func (c *cluster) last(uid event.UID, offset uint64) *uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.stream) - 1; i >= c.oldest; i-- {
		m := &c.stream[i]
		for _, e := range m.events {
			if e.UID == uid && m.offset < offset {
				return &m.offset
			}
		}
	}
	return nil
}

func (c *cluster) heartbeat(s *socket, at int) string {
	c.mu.Lock()
	m := c.stream[at]
	c.mu.Unlock()
	last := c.last(s.uid, m.offset+1)
	if c.lastHook != nil {
		last = c.lastHook(last)
	}
	return fmt.Sprintf(`{"heartbeat":{%s"position":%q,"at":%d}}`, optional(`"last":%d,`, last), m.position(), time.Now().UnixMilli())
}

// appendLocked adds a message to the stream.
func (c *cluster) appendLocked(m message) {
	m.offset = c.stream[len(c.stream)-1].offset + 3 // offsets have holes
	c.stream = append(c.stream, m)
	close(c.more)
	c.more = make(chan struct{})
}

// gap announces a loss to all clients.
func (c *cluster) gap(from, to time.Time, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.appendLocked(message{gap: fmt.Sprintf(`{"gap":{"from":%d,"to":%d,"reason":%q`, from.UnixMilli(), to.UnixMilli(), reason)})
}

// another returns an event of another user.
func (c *cluster) another(uid event.UID) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.stream {
		if len(m.events) == 1 && m.events[0].UID != uid {
			return string(m.events[0].Message)
		}
	}
	return ""
}

// each has the writer of each open socket run f, whose error ends the socket.
func (c *cluster) each(f func(*websocket.Conn) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.sockets {
		s.jobs <- f
	}
}

var errEnded = errors.New("the node ended the socket")

// close ends all sockets with a code, after the announcement that it needs.
func (c *cluster) close(code int) {
	c.each(func(ws *websocket.Conn) error {
		if before, ok := map[int]string{1012: `{"reconnect":{"after_ms":0}}`, 4001: `{"token":{"expires_in":1}}`}[code]; ok {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(before))
		}
		if code != websocket.CloseAbnormalClosure {
			_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
		}
		return errEnded
	})
}

// forget makes it impossible to resume from what was published so far.
func (c *cluster) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.oldest = len(c.stream)
}

// size returns the number of messages in the stream.
func (c *cluster) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.stream)
}

// set calls f with mu held.
func (c *cluster) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// Publish stores an event as the broker does. Any error but ErrNotTaken means that the
// connection is lost.
func (c *cluster) Publish(_ context.Context, d event.Delivery, id string) (audit.Confirm, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	store, err := true, error(nil)
	if c.publish != nil {
		n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:])
		store, err = c.publish(n, id)
	}
	if store && !c.ids[id] {
		c.ids[id] = true
		body := d.Body
		c.appendLocked(message{check: crc32.ChecksumIEEE(body), events: event.Decode(d, 1<<20, nil).Events})
	}
	return func(ctx context.Context) error { return errors.Join(err, ctx.Err()) }, nil
}

func (c *cluster) Close() {}
