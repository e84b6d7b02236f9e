package bench_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"ranger/internal/journal"
)

// TestHandshake_Invalid: invalid handshake responses are errors that say why.
func TestHandshake_Invalid(t *testing.T) {
	const upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	for _, c := range []struct{ name, answer, want string }{
		{"another page", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 OK"},
		{"an invalid token", "HTTP/1.1 401 Unauthorized\r\n\r\n", "token"},
		{"a wrong key", upgraded + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", "Sec-WebSocket-Accept"},
		{"no key", upgraded + "\r\n", "Sec-WebSocket-Accept"},
		{"no end", upgraded + strings.Repeat("X: y\r\n", 1000), "no end"},
		{"no answer", "", "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := newNode(t, journal.Config{}).config()
			var running sync.WaitGroup
			defer running.Wait()
			cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				running.Go(func() {
					defer server.Close() //nolint:errcheck // it has ended already
					_, _ = http.ReadRequest(bufio.NewReader(server))
					_, _ = io.WriteString(server, c.answer)
				})
				return client, nil
			}
			_, err := scenario(t, "connect").Run(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q in it", err, c.want)
			}
		})
	}
}
