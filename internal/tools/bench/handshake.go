package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// handshakeTimeout is how long a connect may take, from the dial to the success.
const handshakeTimeout = 30 * time.Second

var errBusy = errors.New("the server is busy")

// handshake upgrades the connection (RFC 6455 §4.1), with the token in a header
// and, where query is not empty, that query. What came behind the answer is in in.
func (t *target) handshake(conn net.Conn, in *frames, token, query string) error {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	key := base64.StdEncoding.EncodeToString(nonce[:])
	path := t.path
	if query != "" {
		path += t.mark + query
	}
	request := "GET " + path + " HTTP/1.1\r\nHost: " + t.host +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
		"\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	for {
		if err := in.fill(conn); err != nil {
			return fmt.Errorf("read the answer to the handshake: %w", err)
		}
		head, _, ok := bytes.Cut(in.buf[in.from:in.to], []byte("\r\n\r\n"))
		if ok {
			in.from += len(head) + len("\r\n\r\n")
			return checkAnswer(head, key)
		}
		if in.to-in.from == frameBuffer {
			return errors.New("the answer to the handshake has no end")
		}
	}
}

// checkAnswer tells whether the server has upgraded the connection.
func checkAnswer(head []byte, key string) error {
	status, rest, _ := bytes.Cut(head, []byte("\r\n"))
	switch {
	case bytes.HasPrefix(status, []byte("HTTP/1.1 503")):
		return errBusy
	case bytes.HasPrefix(status, []byte("HTTP/1.1 401")):
		return errors.New("the server refused the token (401): its key has to be the one that the server trusts")
	case !bytes.HasPrefix(status, []byte("HTTP/1.1 101")):
		return fmt.Errorf("the server answered %.60q instead of upgrading", status)
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 §4.2.2
	want := base64.StdEncoding.EncodeToString(sum[:])
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Sec-WebSocket-Accept")) && string(bytes.TrimSpace(value)) == want {
			return nil
		}
	}
	return errors.New("the answer to the handshake has no right Sec-WebSocket-Accept")
}

// open connects the client and waits for the success line.
func (c *client) open(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	err := c.attempt(within)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// attempt is open without a bound of its own.
func (c *client) attempt(ctx context.Context) error {
	conn, err := c.fleet.run.target.connect(ctx, c.index, c.fleet.narrow)
	if err != nil {
		return err
	}
	comesBack := len(c.position) > 0
	unhook := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	c.conn, c.source, c.in.from, c.in.to, c.welcome = conn, newArrival(conn, c.fleet.resume), 0, 0, nothing
	err = c.fleet.run.target.handshake(conn, &c.in, c.fleet.token(c), c.query())
	for err == nil && c.welcome != welcomed {
		if err = c.take(); err == nil && c.welcome != welcomed { // else the first events are the reader's
			err = c.in.fill(c.source)
		}
	}
	if !unhook() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return err
	}
	if comesBack && !c.resumed {
		c.fleet.run.faults.add(broken, 1, "a socket of %s could not resume from %s; raise HISTORY_SIZE or HISTORY_MEMORY there", c.fleet.run.plan.uid(c.user), c.position)
	}
	return nil
}

// query returns what the client asks for beside the token.
func (c *client) query() string {
	switch {
	case !c.fleet.resume:
		return ""
	case len(c.position) == 0:
		return "resume=true"
	default:
		return "resume=" + string(c.position)
	}
}
