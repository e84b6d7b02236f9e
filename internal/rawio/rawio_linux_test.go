package rawio_test

import (
	"crypto/tls"
	"net"
	"testing"

	"ranger/internal/rawio"
)

func TestOf_OnlySocketsOfTheSystem(t *testing.T) {
	tcp, _ := tcpPair(t)
	if rawio.Of(tcp) == nil {
		t.Error("Of a TCP connection = nil, want its descriptor")
	}
	if got := rawio.Of(tls.Client(tcp, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS13})); got != nil {
		t.Errorf("Of a TLS connection = %v, want nil", got)
	}
	near, far := net.Pipe()
	defer func() { _ = near.Close() }()
	defer func() { _ = far.Close() }()
	if got := rawio.Of(near); got != nil {
		t.Errorf("Of a pipe = %v, want nil", got)
	}
}
