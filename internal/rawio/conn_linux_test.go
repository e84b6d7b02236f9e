package rawio_test

import (
	"crypto/tls"
	"net"
	"testing"

	"ranger/internal/rawio"
)

func TestOf(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	tcp, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tcp.Close() }()
	raw := rawio.Of(tcp)
	if raw == nil {
		t.Fatal("nothing of a TCP connection")
	}
	var caller rawio.Caller
	text := []byte("text")
	if err := raw.Control(func(fd uintptr) {
		if n, err := caller.Write(fd, text); n != len(text) || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}); err != nil {
		t.Error(err)
	}

	if rawio.Of(tls.Client(tcp, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS13})) != nil {
		t.Error("TLS goes to the system by itself")
	}
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	defer func() { _ = far.Close() }()
	if rawio.Of(near) != nil {
		t.Error("a pipe goes to the system")
	}
}
