package hub_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"ranger/internal/hub/hubtest"
)

// openTLS is open with TLS.
func (s *server) openTLS(token string) *client {
	s.tb.Helper()
	client, server := net.Pipe()
	secure := tls.Server(hubtest.From(server), &tls.Config{
		Certificates:           []tls.Certificate{certificate(s.tb)},
		SessionTicketsDisabled: true, // both sides would write at once, and a pipe has no buffer
	})
	if err := s.pipes.Hand(s.tb.Context(), secure); err != nil {
		s.tb.Fatal(err)
	}
	c := s.dialOver(tls.Client(client, &tls.Config{InsecureSkipVerify: true}), "/")
	c.talk([2]string{bearer(token), authenticated})
	return c
}

// certificate returns a new, self-signed certificate.
func certificate(tb testing.TB) tls.Certificate {
	tb.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

// belowTLS reads to the end of the connection and returns the number of bytes.
func (c *client) belowTLS() int {
	c.tb.Helper()
	b, err := io.ReadAll(c.Conn.(*tls.Conn).NetConn())
	if err != nil {
		c.tb.Fatal(err)
	}
	return len(b)
}

// I4: a peer that is dropped because it is silent, and does not read, delays no timer of
// another socket, although TLS would send it something.
func TestTLS_SilentPeerDelaysNoOther(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		silent := s.openTLS("alice")
		silent.wantFrame(opPing, "")
		pass(time.Second)
		start := time.Now()
		c := s.open("bob/31s") // until a moment after the other is dropped
		c.wantFrameAfterPings(opClose, closing(4001, "token expired"))
		wantSince(t, start, 31*time.Second)
		c.send(masked(final|opClose, closing(4001, "")))
		c.wantEnd()
		s.wantClosed(map[int]int{1006: 1, 4001: 1})
		if n := silent.belowTLS(); n != 0 {
			t.Errorf("%d bytes came before the end, want 0", n)
		}
	})
}

// I4: nor do such peers delay a drain that is cut off.
func TestTLS_CutOffDrainTakesNoTime(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		for range 5 {
			s.openTLS("alice")
		}
		cut, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		s.hub.Drain(cut, time.Minute)
		if got := time.Since(start); got != 0 {
			t.Errorf("took %v, want 0", got)
		}
		s.wantClosed(map[int]int{1006: 5})
	})
}

// A client that closes gets close_notify too (RFC 6455 §7.1.1).
func TestTLS_SendsCloseNotify(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		c := s.openTLS("alice")
		c.send(masked(final|opClose, closing(1000, "")))
		c.wantFrame(opClose, closing(1000, ""))
		if n := c.belowTLS(); n == 0 {
			t.Error("the connection ended without close_notify, want one")
		}
		s.wantClosed(map[int]int{1000: 1})
	})
}
