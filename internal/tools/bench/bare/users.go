package main

import (
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// writeTimeout is for how long a socket that takes nothing may hold up the rest.
const writeTimeout = 5 * time.Second

// users are the open sockets by user. They are written to by the consumer's
// goroutine itself, so a gorilla connection has one writer. A goroutine and a
// channel of 256 for each socket, the other usual way, cost a tenth to a third
// more CPU for each message to one of 10,000 sockets, the same where there are
// few, and 4 KB more memory for each socket.
type users struct {
	mu      sync.Mutex
	sockets map[string][]*websocket.Conn // guarded by mu; a slice is replaced, never changed
	closed  bool                         // guarded by mu
	readers sync.WaitGroup
}

func newUsers() *users { return &users{sockets: make(map[string][]*websocket.Conn)} }

// success is the answer to a valid token. What is published after a client has read
// it reaches the client.
const success = `{"success":{"message":"Authenticated."}}`

// add sends success and makes the socket one of its user's; it must then be read, and
// removed. It returns false, and closes the socket, if bare is about to end or the
// socket takes nothing. The lock is held over that first small write, so no event can
// come before it, nor be missed after it.
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

// remove closes the socket and forgets it.
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

// send writes text to each socket of the user. It is not for concurrent use.
func (u *users) send(uid string, text []byte) {
	u.mu.Lock()
	sockets := u.sockets[uid]
	u.mu.Unlock()
	for _, ws := range sockets {
		_ = ws.SetWriteDeadline(time.Now().Add(writeTimeout))
		if err := ws.WriteMessage(websocket.TextMessage, text); err != nil {
			_ = ws.Close() // its reader removes it
		}
	}
}

// close closes all sockets, and waits until they are removed.
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
