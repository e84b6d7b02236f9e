package hub_test

import (
	"log/slog"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ranger/internal/hub"
	"ranger/internal/hub/hubtest"
	"ranger/internal/journal"
	"ranger/internal/testenv"
)

// tcpServer is a server on loopback TCP, on which sockets are parked unless it is
// portable. Tests wait for what it observes of its connections.
type tcpServer struct {
	*server

	addr     string
	portable bool
	parked   chan struct{} // has a value after a socket may have been parked
	reads    chan int      // bytes of each read
	ended    chan int      // code of each socket that ended
	conns    sync.Map      // *heardConn by the client's address
	window   int           // of the sockets' send buffers in bytes, if not 0
	stop     func()        // ends Run and returns when it has ended

	closing func() // called before a socket is closed, if not nil

	instead atomic.Pointer[os.File] // the hub gets its descriptor instead of a socket's, if not nil
}

// inBothModes runs f once with the optimisations for Linux and once without.
func inBothModes(t *testing.T, f func(t *testing.T, cfg hub.Config)) {
	t.Helper()
	for name, portable := range map[string]bool{"fast": false, "portable": true} {
		t.Run(name, func(t *testing.T) { f(t, hub.Config{Portable: portable}) })
	}
}

// onTCP starts a server. At the end of the test it is cut off, and then no socket may be
// left.
func onTCP(t *testing.T, cfg setup, window int) *tcpServer {
	t.Helper()
	if cfg.verify == nil {
		cfg.verify = readToken
	}
	s := &tcpServer{
		server:   &server{tb: t, metrics: &counters{}, log: &logBuffer{}, window: journal.New(cfg.journal)},
		portable: cfg.hub.Portable, parked: make(chan struct{}, 1), reads: make(chan int, 1<<16), ended: make(chan int, 1<<16), window: window,
	}
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	s.hub = hub.New(unhurried(cfg.hub), s.server.window, noTokens{cfg.verify, s.metrics}, heard{s.metrics, s.ended}, logger)
	s.hub.Tune(hub.Tuning{CloseTimeout: rare, ReadBuffer: cfg.readBuffer})
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	s.stop = hubtest.Serve(t, s.hub, heardListener{listener, s}, logger)
	for !cfg.hub.Portable && s.hub.Parked() < 0 { // before Run no socket is parked
		runtime.Gosched()
	}
	return s
}

// dial opens a socket, with a token if one is given.
func (s *tcpServer) dial(token string) *client {
	s.tb.Helper()
	return s.dialWith(token, new(net.Dialer))
}

func (s *tcpServer) dialWith(token string, d *net.Dialer) *client {
	s.tb.Helper()
	c := s.dialOver(s.connectWith(d), "/")
	if token != "" {
		c.talk([2]string{bearer(token), authenticated})
	}
	return c
}

// connectWith opens a connection without sending anything.
func (s *tcpServer) connectWith(d *net.Dialer) net.Conn {
	s.tb.Helper()
	conn, err := d.DialContext(s.tb.Context(), "tcp", s.addr)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// wantParked waits until so many sockets are parked. In portable mode none ever is.
func (s *tcpServer) wantParked(n int) {
	s.tb.Helper()
	if s.portable {
		n = -1 // there is no poller
	}
	late := time.After(testenv.Patience)
	for s.hub.Parked() != n {
		select {
		case <-s.parked:
		case <-late:
			s.tb.Fatalf("%d sockets are parked, want %d", s.hub.Parked(), n)
		}
	}
}

// wantRead waits until readers have read so many bytes.
func (s *tcpServer) wantRead(n int) {
	s.tb.Helper()
	for n > 0 {
		select {
		case read := <-s.reads:
			n -= read
		case <-time.After(testenv.Patience):
			s.tb.Fatalf("%d bytes more were not read, want all", n)
		}
	}
}

// wantEnded waits until a socket has ended.
func (s *tcpServer) wantEnded(code int) {
	s.tb.Helper()
	select {
	case got := <-s.ended:
		if got != code {
			s.tb.Errorf("a socket ended with %d, want %d", got, code)
		}
	case <-time.After(testenv.Patience):
		s.tb.Fatalf("no socket has ended, want one with %d", code)
	}
}

// heard are Metrics that report each end of a socket.
type heard struct {
	*counters

	ended chan<- int
}

func (h heard) Closed(code int) {
	h.counters.Closed(code)
	h.ended <- code
}

// heardListener accepts TCP connections and observes them.
type heardListener struct {
	*net.TCPListener

	server *tcpServer
}

func (l heardListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	if l.server.window != 0 {
		if err := c.SetWriteBuffer(l.server.window); err != nil {
			return nil, err
		}
	}
	heard := &heardConn{TCPConn: c, server: l.server, stalled: make(chan struct{})}
	l.server.conns.Store(c.RemoteAddr().String(), heard)
	return heard, nil
}

type heardConn struct {
	*net.TCPConn

	server   *tcpServer
	hijacked atomic.Bool
	stalled  chan struct{} // closed once a write had to wait for the peer

	mu  sync.Mutex
	due time.Time // guarded by mu: when the last such write had to be done
}

// SetWriteDeadline is called before a write that may wait for the peer: with the
// optimisations only if it has to, in portable mode always.
func (c *heardConn) SetWriteDeadline(due time.Time) error {
	if c.hijacked.Load() && !due.IsZero() {
		c.mu.Lock()
		if c.due.IsZero() {
			close(c.stalled)
		}
		c.due = due
		c.mu.Unlock()
	}
	return c.TCPConn.SetWriteDeadline(due)
}

// passDeadline makes the present write deadline pass.
func (c *heardConn) passDeadline() { _ = c.TCPConn.SetWriteDeadline(time.Unix(1, 0)) }

func (c *heardConn) isStalled() bool {
	select {
	case <-c.stalled:
		return true
	default:
		return false
	}
}

// conn returns the server's side of a client's connection.
func (s *tcpServer) conn(c *client) *heardConn {
	s.tb.Helper()
	conn, ok := s.conns.Load(c.LocalAddr().String())
	if !ok {
		s.tb.Fatal("the client's connection was not accepted")
	}
	return conn.(*heardConn)
}

// wantStall waits until a write to the client has to wait for it, and returns the server's side
// and the deadline of the write.
func (s *tcpServer) wantStall(c *client) (conn *heardConn, due time.Time) {
	s.tb.Helper()
	conn = s.conn(c)
	select {
	case <-conn.stalled:
	case <-time.After(testenv.Patience):
		s.tb.Fatal("no write waits for the client, want one")
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	return conn, conn.due
}

// Read reports what the hub reads.
func (c *heardConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if c.hijacked.Load() && n > 0 {
		c.server.reads <- n
	}
	return n, err
}

// Close reports that it begins.
func (c *heardConn) Close() error {
	if f := c.server.closing; f != nil && c.hijacked.Load() {
		f()
	}
	return c.TCPConn.Close()
}

// SetDeadline is called without a deadline when net/http hands the connection over.
func (c *heardConn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		c.hijacked.Store(true)
	}
	return c.TCPConn.SetDeadline(t)
}

func (c *heardConn) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.TCPConn.SyscallConn()
	return heardRaw{raw, c.server}, err
}

type heardRaw struct {
	syscall.RawConn

	server *tcpServer
}

// Control is called when a socket is parked or written to.
func (r heardRaw) Control(f func(fd uintptr)) error {
	defer func() {
		select {
		case r.server.parked <- struct{}{}:
		default:
		}
	}()
	if file := r.server.instead.Load(); file != nil {
		f(file.Fd())
		return nil
	}
	return r.RawConn.Control(f)
}

// heardAll discards what was observed so far.
func (s *tcpServer) heardAll() {
	for {
		select {
		case <-s.reads:
		default:
			return
		}
	}
}
