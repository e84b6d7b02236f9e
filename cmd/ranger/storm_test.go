package main_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	amqp091 "github.com/rabbitmq/amqp091-go"

	"ranger/internal/auth"
	"ranger/internal/event"
	"ranger/internal/testenv"
)

// stormLoad is the number of sockets that reconnect, and of the events that each missed.
type stormLoad struct {
	sockets, missed int
	samples         int // latencies of others, before and after
}

// TestStorm lets thousands of clients disconnect and resume within two seconds while others
// receive events: it logs the effect on the latency of the others. It names I4.
func TestStorm(t *testing.T) {
	l := stormLoad{sockets: 300, missed: 10, samples: 100}
	if *soak {
		l.sockets, l.samples = 10_000, 1000
	} else {
		t.Parallel()
		testenv.RabbitMQ(t)
		testenv.Heavy(t)
	}
	private, public, err := auth.GenerateKey("EdDSA")
	check(t, err)
	w := newWorld(t)
	w.signer, err = auth.NewSigner("EdDSA", string(private))
	check(t, err)
	p := w.serve("JWT_ALGORITHM=EdDSA", "JWT_PUBLIC_KEY="+string(public))

	crowd := w.startCrowd(p, l, string(private))
	crowd.await("connected")
	others := w.startOthers(p, 100)
	body := `{"id":1,"price":"0.10","state":"wait","market_id":"btcusd","note":"` + strings.Repeat("x", 200) + `"}`
	for range l.missed {
		for i := range l.sockets {
			if confirmed := w.send(w.orders, amqp091.Table{"member_uid": crowdUser(i)}, body); i%1000 == 0 {
				confirmed()
			}
		}
	}
	crowd.await("received")

	quiet := others.latencies(l.samples, nil)
	bareQuiet := others.bare.quantiles()
	crowd.say("drop")
	during := others.latencies(0, crowd.done("resumed"))
	bareDuring := others.bare.quantiles()
	after := others.latencies(l.samples, nil)
	others.stop()
	t.Logf("%d sockets with %d events each: %s", l.sockets, l.missed, crowd.last)
	t.Logf("latency of %d others: quiet %s, during %s, after %s", 100, quiet, during, after)
	t.Logf("latency of a reader without ranger: quiet %s, during %s", bareQuiet, bareDuring)
	if during.count == 0 {
		t.Error("got no event of others during the storm")
	}
}

func crowdUser(i int) string { return fmt.Sprintf("IDCROWD%05d", i) }

// crowd is a process with many clients.
type crowd struct {
	t    testing.TB
	in   io.Writer
	out  *bufio.Scanner
	last string
}

// startCrowd runs TestCrowd in another process.
func (w *world) startCrowd(p *process, l stormLoad, key string) *crowd {
	cmd := testenv.Command(w.t.Context(), os.Args[0], "-test.run=^TestCrowd$", "-test.timeout=30m")
	if *soak { // low priority, because latencies are measured
		cmd = testenv.Command(w.t.Context(), "nice", append([]string{"-n", "19"}, cmd.Args...)...)
	}
	cmd.Env = append(os.Environ(), "CROWD_URL="+strings.TrimPrefix(p.ws, "ws://"), "CROWD_KEY="+key,
		fmt.Sprint("CROWD_SOCKETS=", l.sockets), fmt.Sprint("CROWD_MISSED=", l.missed))
	in, err := cmd.StdinPipe()
	check(w.t, err)
	out, err := cmd.StdoutPipe()
	check(w.t, err)
	cmd.Stderr = os.Stderr
	check(w.t, cmd.Start())
	w.t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &crowd{t: w.t, in: in, out: bufio.NewScanner(out)}
}

func (c *crowd) say(word string) {
	_, err := fmt.Fprintln(c.in, word)
	check(c.t, err)
}

// await waits for a line that begins with the word.
func (c *crowd) await(word string) {
	c.t.Helper()
	for c.out.Scan() {
		if c.last = c.out.Text(); strings.HasPrefix(c.last, word) {
			return
		}
	}
	c.t.Fatalf("the crowd ended before it printed %s", word)
}

func (c *crowd) done(word string) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c.out.Scan() {
			if c.last = c.out.Text(); strings.HasPrefix(c.last, word) {
				return
			}
		}
	}()
	return done
}

// TestCrowd is the program of startCrowd. Otherwise it does nothing.
func TestCrowd(t *testing.T) {
	url := os.Getenv("CROWD_URL")
	if url == "" {
		return
	}
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		check(t, err)
		return n
	}
	members := make([]*crowdMember, number("CROWD_SOCKETS"))
	missed := number("CROWD_MISSED")
	signer, err := auth.NewSigner("EdDSA", os.Getenv("CROWD_KEY"))
	check(t, err)
	for i := range members {
		token, err := signer.Sign(auth.Claims{UID: event.UID(crowdUser(i))})
		check(t, err)
		members[i] = &crowdMember{url: url, token: token, resume: "true"}
	}
	all := func(over time.Duration, f func(*crowdMember) error) {
		var group sync.WaitGroup
		var failed atomic.Int64
		for i, m := range members {
			<-time.After(time.Until(time.Now().Add(over / time.Duration(len(members)))))
			group.Go(func() {
				if err := f(m); err != nil {
					fmt.Fprintln(os.Stderr, crowdUser(i), err)
					failed.Add(1)
				}
			})
		}
		group.Wait()
		if failed.Load() > 0 {
			t.Fatalf("got %d failed clients, want 0", failed.Load())
		}
	}
	all(0, (*crowdMember).connect)
	fmt.Println("connected")
	all(0, func(m *crowdMember) error { return m.receive(missed, "") })
	fmt.Println("received")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	for _, m := range members {
		_ = m.conn.Close()
	}
	begin := time.Now()
	all(2*time.Second, func(m *crowdMember) error {
		if err := m.connect(); err != nil {
			return err
		}
		return m.receive(missed, `"replay":true`)
	})
	fmt.Printf("resumed in %v\n", time.Since(begin).Round(time.Millisecond))
	for _, m := range members {
		_ = m.conn.Close()
	}
}
