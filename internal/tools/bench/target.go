package bench

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
)

// target is the server that sockets connect to. It is fixed at construction.
type target struct {
	host     string // Host header
	addr     string
	path     string // with the query, if there is one
	querySep string // separator between path and a further query
	tls      *tls.Config
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	// spread makes connections use several source addresses, each of which has about
	// 28,000 ports.
	spread bool
}

// perAddress is the number of connections per source address.
const perAddress = 20_000

// narrowBuffer is the receive buffer, in bytes, of a socket that does not read. Linux
// makes it somewhat larger.
const narrowBuffer = 4096

// wideBuffer is its receive buffer, in bytes, when it reads again.
const wideBuffer = 1 << 20

func newTarget(cfg Config, connections int) (*target, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("server URL: %w", err)
	}
	t := &target{host: u.Host, path: u.RequestURI(), querySep: "?", dial: cfg.Dial}
	if u.RawQuery != "" {
		t.querySep = "&"
	}
	port := "80"
	switch u.Scheme {
	case "ws":
	case "wss":
		port = "443"
		if t.tls = cfg.TLS.Clone(); t.tls == nil {
			t.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		t.tls.ServerName = cmp.Or(t.tls.ServerName, u.Hostname())
	default:
		return nil, fmt.Errorf("server URL %q: must begin with ws:// or wss://", cfg.URL)
	}
	t.addr = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))
	if t.dial == nil {
		ip := net.ParseIP(u.Hostname()).To4()
		t.spread = connections > perAddress && ip != nil && ip.IsLoopback()
	}
	return t, nil
}

// connect opens the connection of the socket with this index. A narrow one has a
// small receive buffer.
func (t *target) connect(ctx context.Context, index int, narrow bool) (net.Conn, error) {
	dial := t.dial
	if dial == nil {
		var d net.Dialer
		if t.spread {
			d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+index/perAddress))} //nolint:gosec // index is below a few millions
		}
		dial = d.DialContext
	}
	conn, err := dial(ctx, "tcp", t.addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		// The side that closes first keeps the port for a minute, and there are only
		// 28,000 ports. A reset does not.
		_ = tcp.SetLinger(0)
		if narrow {
			_ = tcp.SetReadBuffer(narrowBuffer)
		}
	}
	if t.tls == nil {
		return conn, nil
	}
	secure := tls.Client(conn, t.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// widen enlarges the receive buffer of a narrow connection: its backlog would take
// minutes otherwise.
func widen(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(wideBuffer)
	}
}
