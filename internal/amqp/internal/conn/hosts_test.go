package conn_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/frame/frametest"
)

// host is a broker of the tests.
type host struct {
	address string
	dials   atomic.Int32 // TCP connections
}

// listenOn serves AMQP at an address, or ends each connection at once.
func listenOn(t *testing.T, address string, works bool) *host {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{address: ln.Addr().String()}
	serve(t, ln, func(c net.Conn) {
		h.dials.Add(1)
		if !works {
			_ = c.Close()
			return
		}
		go new(frametest.Broker).Serve(c) // ends with the connection
	})
	return h
}

// closedPort returns an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln := listen(t)
	_ = ln.Close()
	return ln.Addr().String()
}

// urlOf returns the URL of an address.
func urlOf(address string) string { return "amqp://guest:secret@" + address + "/" }

func TestHosts_AreTriedInTurn(t *testing.T) {
	t.Parallel()
	works, hangsUp, closed := listenOn(t, "127.0.0.1:0", true), listenOn(t, "127.0.0.1:0", false), closedPort(t)
	hosts := conn.NewHosts(strings.Join([]string{urlOf(works.address), urlOf(hangsUp.address), urlOf(closed)}, ","))
	if got := hosts.Host(); got != "" {
		t.Errorf("before the first attempt Host() = %q, want none", got)
	}
	var first []string
	for round := range 2 {
		var tried []string
		for i := range 3 {
			c, err := hosts.Dial(t.Context(), conn.Options{Timeouts: patient()})
			if (err == nil) != (hosts.Host() == works.address) {
				t.Errorf("%s: got error %v, want none only for %s", hosts.Host(), err, works.address)
			}
			if err == nil {
				c.Close()
			} else if conn.Advice(err) == "" {
				t.Errorf("%s: %v has no advice", hosts.Host(), err)
			}
			tried = append(tried, hosts.Host())
			if got, want := hosts.RoundOver(), i == 2; got != want {
				t.Errorf("after %d attempts RoundOver() = %t, want %t", i+1, got, want)
			}
		}
		if round == 0 {
			first = tried
		} else if !slices.Equal(first, tried) {
			t.Errorf("the second round tried %q, want the order of the first, %q", tried, first)
		}
	}
	if works.dials.Load() != 2 || hangsUp.dials.Load() != 2 {
		t.Errorf("got %d and %d connections, want 2 each", works.dials.Load(), hangsUp.dials.Load())
	}
}

// A node's second connection goes where the first one is.
func TestHosts_AgainStaysAtTheHost(t *testing.T) {
	t.Parallel()
	a, b := listenOn(t, "127.0.0.1:0", true), listenOn(t, "127.0.0.1:0", true)
	hosts := conn.NewHosts(urlOf(a.address) + "," + urlOf(b.address))
	for range 2 {
		for _, dial := range []func(context.Context, conn.Options) (*conn.Conn, error){hosts.Dial, hosts.Again} {
			c, err := dial(t.Context(), conn.Options{Timeouts: patient()})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		if (a.dials.Load()+b.dials.Load())%2 != 0 || a.dials.Load()%2 != 0 {
			t.Errorf("got %d and %d connections, want pairs", a.dials.Load(), b.dials.Load())
		}
	}
	if a.dials.Load() != 2 || b.dials.Load() != 2 {
		t.Errorf("got %d and %d connections, want 2 each", a.dials.Load(), b.dials.Load())
	}
}

// All addresses of a name are tried: those without a TCP connection are passed over, one
// that ends the handshake is an attempt that failed.
func TestHosts_TriesEachAddressOfAName(t *testing.T) {
	t.Parallel()
	hangsUp := listenOn(t, "127.0.0.2:0", false)
	_, port, _ := net.SplitHostPort(hangsUp.address)
	works := listenOn(t, "127.0.0.4:"+port, true)
	hosts := conn.NewHosts(urlOf("broker.test:" + port))
	hosts.SetLookup(func(_ context.Context, name string) ([]string, error) {
		if name != "broker.test" {
			t.Errorf("looked up %s, want broker.test", name)
		}
		return []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"}, nil
	})
	for range 2 {
		if _, err := hosts.Dial(t.Context(), conn.Options{Timeouts: patient()}); err == nil || hosts.RoundOver() {
			t.Errorf("first attempt: got error %v, round over %t, want an error and more addresses", err, hosts.RoundOver())
		}
		c, err := hosts.Dial(t.Context(), conn.Options{Timeouts: patient()})
		if err != nil || !hosts.RoundOver() {
			t.Fatalf("second attempt: got error %v, round over %t, want neither an error nor more addresses", err, hosts.RoundOver())
		}
		again, err := hosts.Again(t.Context(), conn.Options{Timeouts: patient()})
		if err != nil {
			t.Fatal(err)
		}
		again.Close()
		c.Close()
	}
	if works.dials.Load() != 4 || hangsUp.dials.Load() != 2 {
		t.Errorf("got %d and %d connections, want 4 and 2", works.dials.Load(), hangsUp.dials.Load())
	}
	if got, want := hosts.Host(), "broker.test:"+port; got != want {
		t.Errorf("Host() = %s, want %s", got, want)
	}
}

func TestHosts_NameThatIsNotFoundIsAnAttempt(t *testing.T) {
	t.Parallel()
	works := listenOn(t, "127.0.0.1:0", true)
	hosts := conn.NewHosts(urlOf("nowhere.test") + "," + urlOf(works.address))
	notFound := &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}
	hosts.SetLookup(func(_ context.Context, name string) ([]string, error) {
		if name == "nowhere.test" {
			return nil, notFound
		}
		return []string{name}, nil
	})
	for range 4 {
		c, err := hosts.Dial(t.Context(), conn.Options{Timeouts: patient()})
		if hosts.Host() == works.address && err == nil {
			c.Close()
		} else if hosts.Host() == works.address || !errors.Is(err, notFound) || !strings.Contains(conn.Advice(err), "RABBITMQ_HOST") {
			t.Errorf("%s: got %v, advice %q", hosts.Host(), err, conn.Advice(err))
		}
	}
}

// A command tries each host once.
func TestDial_TriesEachHost(t *testing.T) {
	t.Parallel()
	works, closed := listenOn(t, "127.0.0.1:0", true), []string{closedPort(t), closedPort(t)}
	for range 10 { // in another order each time
		c, err := conn.Dial(t.Context(), strings.Join([]string{urlOf(closed[0]), urlOf(works.address), urlOf(closed[1])}, ","), conn.Options{Timeouts: patient()})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	_, err := conn.Dial(t.Context(), urlOf(closed[0])+","+urlOf(closed[1]), conn.Options{Timeouts: patient()})
	if err == nil || !strings.Contains(err.Error(), closed[0]) || !strings.Contains(err.Error(), closed[1]) || conn.Advice(err) == "" {
		t.Errorf("got %v, advice %q, want an error that names both hosts, with advice", err, conn.Advice(err))
	}
}
