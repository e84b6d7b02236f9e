package main_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"ranger/internal/amqp/brokerurl"
	"ranger/internal/testenv"
)

// optIn connects to p as alice with this `resume`, and returns the socket and the answer.
func (w *world) optIn(p *process, resume string) (s *socket, answer string) {
	w.t.Helper()
	s = dial(w.t, p, nil)
	s.send(`{"jwt":"Bearer ` + w.token(alice) + `","resume":` + resume + `}`)
	return s, s.read()
}

// events reads that many events and removes their time.
func (s *socket) events(n int) (got []string) {
	s.t.Helper()
	at := regexp.MustCompile(`,"at":\d+`)
	for len(got) < n {
		if text := s.read(); !strings.HasPrefix(text, `{"heartbeat":`) {
			got = append(got, at.ReplaceAllString(text, ""))
		}
	}
	return got
}

// I3: two sockets of one user on two nodes receive the same positions, and each node
// resumes from a position of the other.
func TestTwoNodes_ResumeFromEachOthersPositions(t *testing.T) {
	t.Parallel()
	const messages = 200
	w := newWorld(t)
	one, two := w.serve("NODE_NAME=one"), w.serve("NODE_NAME=two")
	a, _ := w.optIn(one, "true")
	b, _ := w.optIn(two, "true")
	for n := range messages {
		w.order(alice, n)
	}
	first, second := a.events(messages), b.events(messages)
	if !slices.Equal(first, second) {
		t.Fatalf("got different events:\n%s\n%s", first, second)
	}
	position := regexp.MustCompile(`"position":("[^"]*")`).FindStringSubmatch(first[messages/2])[1]
	for _, p := range []*process{one, two} {
		s, answer := w.optIn(p, position)
		if want := `{"success":{"message":"Authenticated.","resumed":true}}`; answer != want {
			t.Errorf("got %s, want %s", answer, want)
		}
		for i, got := range s.events(messages/2 - 1) {
			if want := strings.TrimSuffix(first[messages/2+1+i], "}") + `,"replay":true}`; got != want {
				t.Fatalf("got replay %s, want %s", got, want)
			}
		}
	}
}

// I1, I2, I3: `ranger audit` finds no fault.
func TestAudit_PassesWithTwoNodesAndCutConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	testenv.Heavy(t)
	const clients, cuts = 40, 10
	one, two := w.serve("NODE_NAME=one"), w.serve("NODE_NAME=two")
	l := w.startAudit(nil, []string{one.ws, two.ws}, "--cut=20ms", "--json")
	const accepted = `ranger_authentications_total{reason="",result="ok"}`
	testenv.Eventually(t, "clients have reconnected", func() bool { return one.metric(accepted)+two.metric(accepted) >= clients+cuts })
	r := l.interrupt()
	report := r.report(t)
	if !report.Passed() || report.Reconnects < cuts || report.Resumed != report.Reconnects {
		t.Errorf("got %s", r.out)
	}
}

// One of two hosts does not answer: the node serves through the other one, and says so.
func TestServe_UsesAHostOfItsList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const away = "127.0.0.1:1"
	used := brokerurl.Host(w.url)
	p := w.serve("RABBITMQ_URL=amqp://" + away + "," + w.url)
	if _, body := p.get("/readyz"); !strings.Contains(body, `"broker":"`+used+`"`) {
		t.Errorf("got /readyz %s, want the broker %s", body, used)
	}
	_, metrics := p.get("/metrics")
	for host, want := range map[string]string{away: "0", used: "1"} {
		if line := `ranger_source_host{host="` + host + `"} ` + want; !strings.Contains(metrics, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	for _, args := range [][]string{{"publish", "order", "--uid=ID1"}, {"inspect", "--undelivered"}} {
		r := command(t, t.TempDir(), append(w.environment(), "RABBITMQ_URL=amqp://"+away+","+w.url), args...)
		if r.code != 0 {
			t.Errorf("ranger %v: got exit code %d and %s, want 0", args, r.code, r.err)
		}
	}
}
