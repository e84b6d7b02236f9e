package main

import (
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// writeTimeout is the longest time for which one socket may delay the others.
const writeTimeout = 5 * time.Second

// users holds the open sockets by user. The goroutine of the consumer writes to them
// itself, so each gorilla connection has one writer. The other usual way, a goroutine
// and a channel of 256 for each socket, costs a tenth to a third more CPU per message
// to one of 10,000 sockets, the same for few sockets, and 4 KB more memory per socket.
type users struct {
	mu      sync.Mutex
	sockets map[string][]*websocket.Conn // guarded by mu; slices are replaced, not changed
	closed  bool                         // guarded by mu
	readers sync.WaitGroup
}

func newUsers() *users { return &users{sockets: make(map[string][]*websocket.Conn)} }

// success is the answer to a valid token. A client that has read it receives all later
// events.
const success = `{"success":{"message":"Authenticated."}}`

// add sends success and adds the socket to its user's, which the caller must then read
// and remove. It closes the socket and returns false if the program is ending or the
// write fails. It holds the lock during that first small write, so that no event is sent
// before it or missed after it.
func (u *users) add(uid string, ws *websocket.Conn) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || ws.WriteMessage(websocket.TextMessage, []byte(success)) != nil {
		_ = ws.Close()
		return false
	}
	u.readers.Add(1)
	u.sockets[uid] = append(slices.Clip(u.sockets[uid]), ws)
	return true
}

// remove closes the socket and removes it from its user's.
func (u *users) remove(uid string, ws *websocket.Conn) {
	defer u.readers.Done()
	_ = ws.Close()
	u.mu.Lock()
	defer u.mu.Unlock()
	left := slices.DeleteFunc(slices.Clone(u.sockets[uid]), func(other *websocket.Conn) bool { return other == ws })
	if len(left) == 0 {
		delete(u.sockets, uid)
		return
	}
	u.sockets[uid] = left
}

// send writes text to each socket of the user. Only one goroutine calls it.
func (u *users) send(uid string, text []byte) {
	u.mu.Lock()
	sockets := u.sockets[uid]
	u.mu.Unlock()
	for _, ws := range sockets {
		_ = ws.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err := ws.WriteMessage(websocket.TextMessage, text); err != nil {
			_ = ws.Close() // the reader removes it
		}
	}
}

// close closes all sockets and waits until they are removed.
func (u *users) close() {
	u.mu.Lock()
	u.closed = true
	for _, sockets := range u.sockets {
		for _, ws := range sockets {
			_ = ws.Close()
		}
	}
	u.mu.Unlock()
	u.readers.Wait()
}
