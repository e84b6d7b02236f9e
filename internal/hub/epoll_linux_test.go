package hub_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// wantLog waits until the log has so many lines with a message.
func (s *tcpServer) wantLog(message string, lines int) {
	s.tb.Helper()
	testenv.Eventually(s.tb, message, func() bool { return strings.Count(s.log.String(), message) >= lines })
	if got := strings.Count(s.log.String(), message); got != lines {
		s.tb.Errorf("%d lines with %q, want %d", got, message, lines)
	}
}

// The process has no descriptor left for epoll when the first socket would be parked.
func TestPark_LogsOnceThatEpollFailed(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	restore := sync.OnceFunc(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(restore)
	s := onTCP(t, setup{verify: func(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error) {
		if token == "first" {
			if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Max: limit.Max}); err != nil {
				t.Error(err)
			}
		}
		return readToken(ctx, token, peer)
	}}, 0)
	open := func(token string) {
		c := s.dialOver(s.connectWith(new(net.Dialer)), "/", "Authorization: Bearer "+token)
		c.want(authenticated)
		c.talk([2]string{"ping", "pong"})
		s.publish(event.UID(token), "event")
		c.want("event")
	}
	open("first")
	s.wantLog("epoll failed: idle sockets keep a goroutine", 1)
	restore()
	open("second")
	s.wantLog("epoll failed: idle sockets keep a goroutine", 1)
	s.wantParked(0)
}

// The hub is given the descriptor of a file, which epoll refuses.
func TestPark_LogsThatEpollRefusedASocket(t *testing.T) {
	s := onTCP(t, setup{}, 0)
	c := s.dial("alice")
	s.wantParked(1)
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	s.instead.Store(file)
	c.say("ping") // its answer is written to the file
	s.wantLog("epoll refused a socket: it keeps a goroutine", 1)
	s.instead.Store(nil)
	c.talk([2]string{"ping", "pong"})
	s.wantParked(1)
}
