package topology_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/amqp/topology"
)

// dialBroker connects to a broker that refuses declarations of queues with these
// texts, in order; an empty one permits it.
func dialBroker(t *testing.T, refusals ...string) *conn.Conn {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if c, err := ln.Accept(); err == nil {
			(&frametest.Broker{Refusals: refusals}).Serve(c)
		}
	}()
	c, err := conn.Dial(t.Context(), "amqp://"+ln.Addr().String(),
		conn.Options{Timeouts: conn.Timeouts{Handshake: time.Hour, Heartbeat: time.Hour, Close: time.Hour, Answer: time.Hour}})
	t.Cleanup(func() {
		if err == nil {
			c.Close()
		}
		_ = ln.Close()
		<-ended
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What an existing queue has is read from the broker's refusals. Their wording
// depends on its version: if it is unknown, the queue is used as it is.
func TestEnsure_UsesAQueueWhoseArgumentsItCannotRead(t *testing.T) {
	t.Parallel()
	const (
		inequivalent = "PRECONDITION_FAILED - inequivalent arg "
		reworded     = "PRECONDITION_FAILED - x-max-age of queue q is 1m and cannot become 6h"
		unread       = "cannot read the arguments of the existing queue"
		tooShort     = "stream keeps messages for less than HISTORY_TTL"
	)
	for name, c := range map[string]struct {
		queue    bool
		refusals []string // of the declaration
		logs     []string
		err      string
	}{
		"as declared":             {false, nil, nil, ""},
		"longer":                  {false, []string{inequivalent + "'x-max-age' for queue 'q' in vhost '/': received '6h' but current is '7h'"}, nil, ""},
		"too short":               {false, []string{inequivalent + "'x-max-age' for queue 'q' in vhost '/': received '6h' but current is '1m'"}, []string{tooShort}, ""},
		"two arguments":           {false, []string{inequivalent + "'x-max-length-bytes' for queue 'q' in vhost '/': received '1073741824' but current is none", inequivalent + "'x-max-age' for queue 'q' in vhost '/': received '6h' but current is '1m'"}, []string{tooShort}, ""},
		"another wording":         {false, []string{reworded}, []string{unread}, ""},
		"another wording, queue":  {true, []string{reworded}, []string{unread}, ""},
		"it never ends":           {false, strings.Split(strings.Repeat("|"+inequivalent+"'x-max-age' for queue 'q' in vhost '/': received '6h' but current is '7h'", 20), "|")[1:], nil, ""},
		"not a stream":            {false, []string{inequivalent + "'x-queue-type' for queue 'q' in vhost '/': received 'stream' but current is 'classic'"}, nil, "is not a stream"},
		"not durable":             {false, []string{inequivalent + "'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'"}, nil, "is not a stream"},
		"a queue of another type": {true, []string{inequivalent + "'x-queue-type' for queue 'q' in vhost '/': received none but current is 'quorum'"}, nil, ""},
	} {
		var logged bytes.Buffer
		tp := topology.New(topology.Config{Node: "a", Stream: "q", Queue: c.queue}, slog.New(slog.NewJSONHandler(&logged, nil)))
		for range 2 { // what is logged about wording is logged once
			tp.Use(dialBroker(t, append([]string{""}, c.refusals...)...)) // it exists
			found, err := tp.Ensure()
			if found.Created || found.Full || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: Ensure() = %+v, %v, want an error with %q", name, found, err, c.err)
			}
			if len(c.logs) != 1 || c.logs[0] != unread {
				break
			}
		}
		if got := messages(t, &logged); strings.Join(got, "|") != strings.Join(c.logs, "|") {
			t.Errorf("%s: logged %q, want %q", name, got, c.logs)
		}
	}
}

// messages returns the messages of lines that a slog.JSONHandler has written.
func messages(t *testing.T, lines *bytes.Buffer) (all []string) {
	t.Helper()
	for d := json.NewDecoder(lines); d.More(); {
		var line struct{ Msg string }
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line.Msg)
	}
	return all
}
