package main_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/event"
	"ranger/internal/testenv"
)

// pusher is as little of a node as an audit can be run against: it reads both
// exchanges through a queue of its own and pushes to sockets that resume. It
// believes every token.
type pusher struct {
	t       testing.TB
	w       *world
	server  *httptest.Server
	channel *amqp091.Channel
	queue   string
	lose    func(n int) bool // of the n-th event; nil: none
	ended   sync.WaitGroup

	mu     sync.Mutex
	logs   map[event.UID][]pushed // guarded by mu
	read   int                    // guarded by mu: messages
	served int                    // guarded by mu: sockets that said who they are
	ids    map[string]bool        // guarded by mu
	more   chan struct{}          // guarded by mu: closed and replaced when there is news
}

// pushed is an event in a user's log.
type pushed struct {
	number int
	text   string
}

func newPusher(t testing.TB, w *world, lose func(n int) bool) *pusher {
	t.Helper()
	p := &pusher{t: t, w: w, lose: lose, logs: make(map[event.UID][]pushed), ids: make(map[string]bool), more: make(chan struct{})}
	conn, err := amqp091.Dial(w.url)
	check(t, err)
	p.channel, err = conn.Channel()
	check(t, err)
	q, err := p.channel.QueueDeclare("", false, true, true, false, nil)
	check(t, err)
	p.queue = q.Name
	p.bind()
	deliveries, err := p.channel.Consume(p.queue, "", true, true, false, false, nil)
	check(t, err)
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	p.ended.Go(func() {
		for d := range deliveries {
			p.take(d)
		}
	})
	t.Cleanup(func() {
		p.server.Close()
		_ = conn.Close()
		p.ended.Wait()
	})
	return p
}

// urls returns the server's URL for clients.
func (p *pusher) urls() []string { return []string{"ws" + strings.TrimPrefix(p.server.URL, "http")} }

// await waits until so many messages were read, and so many sockets served.
func (p *pusher) await(messages, sockets int) {
	p.t.Helper()
	timeout := time.After(testenv.Patience)
	for {
		p.mu.Lock()
		read, served, more := p.read, p.served, p.more
		p.mu.Unlock()
		if read >= messages && served >= sockets {
			return
		}
		select {
		case <-more:
		case <-timeout:
			p.t.Fatalf("%d messages were read and %d sockets served, want %d and %d", read, served, messages, sockets)
		}
	}
}

// news wakes all that wait for some. It is called with mu held.
func (p *pusher) news() {
	close(p.more)
	p.more = make(chan struct{})
}

// bind declares the exchanges, as Peatio does, and binds the queue to them.
func (p *pusher) bind() {
	for name, kind := range map[string]string{p.w.orders: amqp091.ExchangeFanout, p.w.trades: amqp091.ExchangeHeaders} {
		if err := p.channel.ExchangeDeclare(name, kind, false, false, false, false, nil); err != nil {
			p.t.Error(err)
		}
		if err := p.channel.QueueBind(p.queue, "", name, false, nil); err != nil {
			p.t.Error(err)
		}
	}
}

// take appends a message's events to the logs, once for each message_id.
func (p *pusher) take(d amqp091.Delivery) {
	kind := event.Trade
	if d.Exchange == p.w.orders {
		kind = event.Order
	}
	outcome := event.Decode(event.Delivery{Kind: kind, Headers: d.Headers, Body: d.Body}, 1<<20, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids[d.MessageId] {
		return
	}
	p.ids[d.MessageId] = true
	p.read++
	for _, e := range outcome.Events {
		p.logs[e.UID] = append(p.logs[e.UID], pushed{p.read, string(e.Message)})
	}
	p.news()
}

// serve is the life of a socket.
func (p *pusher) serve(w http.ResponseWriter, r *http.Request) {
	ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		p.t.Error(err)
		return
	}
	defer ws.Close() //nolint:errcheck // it has ended
	_, text, err := ws.ReadMessage()
	var hello struct {
		JWT    string `json:"jwt"`
		Resume any    `json:"resume"`
	}
	if err != nil || json.Unmarshal(text, &hello) != nil {
		return
	}
	p.mu.Lock()
	p.served++
	p.news()
	p.mu.Unlock()
	gone := make(chan struct{})
	go func() { // ends with the connection
		defer close(gone)
		_, _, _ = ws.ReadMessage()
	}()
	p.push(ws, uidOf(hello.JWT), hello.Resume, gone)
}

// uidOf reads a token's uid, whoever signed it.
func uidOf(jwt string) event.UID {
	var claims struct {
		UID event.UID `json:"uid"`
	}
	if parts := strings.Split(jwt, "."); len(parts) == 3 {
		text, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(text, &claims) // nobody's then
	}
	return claims.UID
}

// push writes what the user gets behind a position, and then what comes.
func (p *pusher) push(ws *websocket.Conn, uid event.UID, resume any, gone <-chan struct{}) {
	p.mu.Lock()
	at, head := 0, p.read
	for at < len(p.logs[uid]) && p.logs[uid][at].number <= after(resume, head) {
		at++
	}
	p.mu.Unlock()
	success := `"resumed":true`
	if resume == true {
		success = fmt.Sprintf(`"position":"%d.00000000"`, head)
	}
	say := func(format string, args ...any) bool {
		return ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)) == nil
	}
	ok := say(`{"success":{"message":"Authenticated.",%s}}`, success)
	for replay := resume != true; ok; {
		p.mu.Lock()
		log, more := p.logs[uid], p.more
		p.mu.Unlock()
		if at == len(log) || replay && log[at].number > head {
			if replay {
				last := ""
				if at > 0 {
					last = fmt.Sprintf(`"last":%d,`, log[at-1].number)
				}
				ok, replay = say(`{"heartbeat":{%s"position":"%d.00000000","at":1}}`, last, head), false
				continue
			}
			select {
			case <-more:
			case <-gone:
				return
			}
			continue
		}
		e, prev := log[at], ""
		if at > 0 {
			prev = fmt.Sprintf(`,"prev":%d`, log[at-1].number)
		}
		at++
		if p.lose != nil && p.lose(e.number) {
			continue
		}
		ok = say(`%s,"position":"%d.00000000"%s,"at":1%s}`, strings.TrimSuffix(e.text, "}"), e.number, prev,
			map[bool]string{true: `,"replay":true`}[replay])
	}
}

// after returns the number that a client resumes behind.
func after(resume any, head int) int {
	position, ok := resume.(string)
	if !ok {
		return head
	}
	number, _, _ := strings.Cut(position, ".")
	n, _ := strconv.Atoi(number)
	return n
}
