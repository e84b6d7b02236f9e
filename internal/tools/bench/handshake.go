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

// handshakeTimeout bounds a connect, from the dial to the success line.
const handshakeTimeout = 30 * time.Second

var errBusy = errors.New("the server is busy")

// handshake upgrades the connection (RFC 6455 §4.1) with the token in a header and,
// if query is not empty, with that query. Bytes after the response remain in in.
func (t *target) handshake(conn net.Conn, in *frames, token, query string) error {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	key := base64.StdEncoding.EncodeToString(nonce[:])
	path := t.path
	if query != "" {
		path += t.querySep + query
	}
	request := "GET " + path + " HTTP/1.1\r\nHost: " + t.host +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
		"\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	for {
		if err := in.fill(conn); err != nil {
			return fmt.Errorf("read the handshake response: %w", err)
		}
		head, _, ok := bytes.Cut(in.buf[in.from:in.to], []byte("\r\n\r\n"))
		if ok {
			in.from += len(head) + len("\r\n\r\n")
			return checkAnswer(head, key)
		}
		if in.to-in.from == frameBuffer {
			return errors.New("the handshake response has no end")
		}
	}
}

// checkAnswer returns an error unless the server upgraded the connection.
func checkAnswer(head []byte, key string) error {
	status, rest, _ := bytes.Cut(head, []byte("\r\n"))
	switch {
	case bytes.HasPrefix(status, []byte("HTTP/1.1 503")):
		return errBusy
	case bytes.HasPrefix(status, []byte("HTTP/1.1 401")):
		return errors.New("the server refused the token (401): sign with the key that the server trusts")
	case !bytes.HasPrefix(status, []byte("HTTP/1.1 101")):
		return fmt.Errorf("the server answered %.60q instead of an upgrade", status)
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // RFC 6455 §4.2.2
	want := base64.StdEncoding.EncodeToString(sum[:])
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Sec-WebSocket-Accept")) && string(bytes.TrimSpace(value)) == want {
			return nil
		}
	}
	return errors.New("the handshake response has a wrong Sec-WebSocket-Accept")
}

// connect connects the client and waits for the success line.
func (c *client) connect(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	err := c.tryConnect(within)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// tryConnect is connect without a timeout.
func (c *client) tryConnect(ctx context.Context) error {
	conn, err := c.fleet.run.target.connect(ctx, c.index, c.fleet.smallBuffer)
	if err != nil {
		return err
	}
	resuming := len(c.position) > 0
	unhook := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	c.conn, c.source, c.in.from, c.in.to, c.welcome = conn, newTimedReader(conn, c.fleet.resume), 0, 0, connecting
	err = c.fleet.run.target.handshake(conn, &c.in, c.fleet.token(c), c.query())
	for err == nil && c.welcome != welcomed {
		if err = c.processFrames(); err == nil && c.welcome != welcomed { // the reader handles the events after it
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
	if resuming && !c.resumed {
		c.fleet.run.faults.add(broken, 1, "a socket of %s could not resume from %s: raise HISTORY_SIZE or HISTORY_MEMORY of the server", c.fleet.run.workload.uid(c.user), c.position)
	}
	return nil
}

// query returns the query of the client's request.
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
