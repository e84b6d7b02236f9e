package conn

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/amqp/brokerurl"
)

// switchAfter bounds how long a TCP connection may take if there is another address to
// try: within a network it takes milliseconds.
const switchAfter = 3 * time.Second

// Hosts are the hosts of a cluster, which are tried in turn. If a name has several
// addresses, each of them is tried. Except for Host, one goroutine may use it at a time.
type Hosts struct {
	urls   []string // in the order in which they are tried; fixed at construction
	lookup func(ctx context.Context, host string) ([]string, error)

	next    int          // in urls: the one after current's
	current endpoint     // tried last
	left    []endpoint   // of the same URL, not tried yet
	host    atomic.Value // current.host; a string
}

// endpoint is an address of a host.
type endpoint struct {
	url     string
	host    string // host:port in the URL
	address string // IP:port
}

// NewHosts returns the hosts of a list of URLs, in random order, so that the nodes of
// ranger spread over them.
func NewHosts(list string) *Hosts {
	h := &Hosts{urls: brokerurl.Split(list), lookup: net.DefaultResolver.LookupHost}
	rand.Shuffle(len(h.urls), func(i, j int) { //nolint:gosec // an order needs no secrecy
		h.urls[i], h.urls[j] = h.urls[j], h.urls[i]
	})
	return h
}

// Dial opens a connection to the next host. It passes over addresses to which there is no
// TCP connection if the host's name has others. See the function Dial for the rest.
func (h *Hosts) Dial(ctx context.Context, o Options) (*Conn, error) {
	for {
		if err := h.advance(ctx, o.Timeouts); err != nil {
			return nil, err
		}
		c, err := h.Again(ctx, o)
		if !isUnreachable(err) || len(h.left) == 0 {
			return c, err
		}
	}
}

// Again opens a connection to where Dial was last.
func (h *Hosts) Again(ctx context.Context, o Options) (*Conn, error) {
	o.Timeouts = o.Timeouts.withDefaults()
	tcp := o.Timeouts.Handshake
	if h.several() {
		tcp = min(switchAfter, tcp)
	}
	return dial(ctx, h.current, tcp, o)
}

// Host returns host and port of where Dial is or was last, as the URL names them; empty
// before the first Dial. It is safe for concurrent use.
func (h *Hosts) Host() string {
	host, _ := h.host.Load().(string)
	return host
}

// RoundOver reports whether the next Dial begins with the first host again.
func (h *Hosts) RoundOver() bool { return h.next == 0 && len(h.left) == 0 }

func (h *Hosts) several() bool { return len(h.urls) > 1 || len(h.left) > 0 }

// advance makes the next endpoint the current one.
func (h *Hosts) advance(ctx context.Context, t Timeouts) error {
	if len(h.left) == 0 {
		url := h.urls[h.next]
		h.next = (h.next + 1) % len(h.urls)
		h.current = endpoint{url: url, host: brokerurl.Host(url)}
		h.host.Store(h.current.host)
		if err := h.resolve(ctx, t); err != nil {
			return err
		}
	}
	h.current, h.left = h.left[0], h.left[1:]
	return nil
}

// resolve sets left to the endpoints of current's URL.
func (h *Hosts) resolve(ctx context.Context, t Timeouts) error {
	uri, err := amqp091.ParseURI(h.current.url)
	if err != nil {
		return WithAdvice(errURL, adviceURL)
	}
	ctx, cancel := context.WithTimeout(ctx, t.withDefaults().Handshake)
	defer cancel()
	addresses, err := h.lookup(ctx, uri.Host)
	if err != nil {
		return dialError(err)
	}
	for _, a := range addresses {
		h.left = append(h.left, endpoint{h.current.url, h.current.host, net.JoinHostPort(a, strconv.Itoa(uri.Port))})
	}
	if len(h.left) == 0 {
		return dialError(&net.DNSError{Err: "no address", Name: uri.Host, IsNotFound: true})
	}
	return nil
}

// isUnreachable reports whether err is that of a TCP connection that was not made.
func isUnreachable(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial"
}

// Dial opens a connection to the broker at one of a list of URLs, amqp:// or amqps://. It
// tries each, and returns the errors of all if no connection opened. When ctx ends the
// attempt ends; afterwards ctx has no effect on the connection. Its errors have Advice.
func Dial(ctx context.Context, list string, o Options) (*Conn, error) {
	h := NewHosts(list)
	var errs error
	for {
		c, err := h.Dial(ctx, o)
		if err == nil {
			return c, nil
		}
		errs = join(errs, err)
		if h.RoundOver() || ctx.Err() != nil {
			return nil, errs
		}
	}
}

// join returns both errors, with the advice of the first; a may be nil.
func join(a, b error) error {
	if a == nil {
		return b
	}
	return WithAdvice(errors.Join(a, b), cmp.Or(Advice(a), Advice(b)))
}
