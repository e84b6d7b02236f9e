package main_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	amqp091 "github.com/rabbitmq/amqp091-go"
)

// charts returns how many charts the page of doc has. A run that ends within an interval
// of its series has no points.
func (doc *benchDocument) charts() (n int) {
	for _, report := range doc.Reports {
		if len(report.Latencies) > 0 {
			n++
		}
		for _, series := range report.Series {
			if len(series.Points) > 0 {
				n++
			}
		}
	}
	return n
}

// wantPage requires that a file is HTML that loads nothing and has so many charts, each
// with a description.
func wantPage(t *testing.T, file string, charts int) {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	d := xml.NewDecoder(strings.NewReader(string(text)))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	count := make(map[string]int)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		check(t, err)
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		count[start.Name.Local]++
		for _, a := range start.Attr {
			if a.Name.Local == "src" || a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") {
				t.Errorf("got a link to another page: <%s %s=%q>", start.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	if count["html"] != 1 || count["section"] < 2 || count["svg"] < charts || count["desc"] != charts || count["script"]+count["link"]+count["img"] != 0 {
		t.Errorf("got elements %v, want %d charts", count, charts)
	}
}

// losing returns a server that forwards the messages of a node, except one trade.
func losing(t *testing.T, node *process) *httptest.Server {
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		up, res, err := websocket.DefaultDialer.DialContext(req.Context(), node.ws+req.URL.RequestURI(), http.Header{"Authorization": req.Header["Authorization"]})
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close() //nolint:errcheck // a handshake has no body
		defer up.Close()       //nolint:errcheck // it is only read
		down, err := new(websocket.Upgrader).Upgrade(rw, req, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer down.Close() //nolint:errcheck // its errors show as missing messages
		for {
			kind, text, err := up.ReadMessage()
			if err != nil {
				return
			}
			lost := false
			if strings.HasPrefix(string(text), `{"trade"`) {
				once.Do(func() { lost = true })
			}
			if !lost && down.WriteMessage(kind, text) != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// startedServer returns the server that a bench has started, and its stream.
func startedServer(t *testing.T, p *process) (pid int, stream string) {
	t.Helper()
	self := strconv.Itoa(p.cmd.Process.Pid)
	threads, err := filepath.Glob("/proc/" + self + "/task/*/children")
	check(t, err)
	for _, file := range threads {
		children, err := os.ReadFile(file)
		check(t, err)
		for child := range strings.FieldsSeq(string(children)) {
			pid, err = strconv.Atoi(child)
			check(t, err)
		}
	}
	if pid == 0 {
		t.Fatal("got no server process")
	}
	env, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	check(t, err)
	for pair := range strings.SplitSeq(string(env), "\x00") {
		if name, ok := strings.CutPrefix(pair, "AMQP_STREAM="); ok {
			stream = name
		}
	}
	if !strings.HasPrefix(stream, "ranger.bench.") {
		t.Fatalf("got stream %q", stream)
	}
	return pid, stream
}

// queueCode returns the broker's reply code for a passive declaration of a queue; 0: it
// exists.
func (w *world) queueCode(name string) int {
	w.t.Helper()
	return w.code(func(ch *amqp091.Channel) error {
		_, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		return err
	})
}

func (w *world) code(f func(*amqp091.Channel) error) int {
	w.t.Helper()
	ch, err := w.conn.Channel()
	check(w.t, err)
	defer ch.Close() //nolint:errcheck // closed by a refusal
	err = f(ch)
	if refusal, ok := errors.AsType[*amqp091.Error](err); ok {
		return refusal.Code
	}
	check(w.t, err)
	return 0
}
