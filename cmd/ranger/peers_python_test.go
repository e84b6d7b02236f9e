package main_test

import (
	"strconv"
	"syscall"
	"testing"
)

// python is Debian's Python, which has the libraries of Debian's packages.
const python = "/usr/bin/python3"

// pythonClient starts a client that uses Python's websockets. It sends each line that is
// written to it, a literal of Python.
func pythonClient(t testing.TB, p *process, authorization ...string) *peer {
	t.Helper()
	// -I: only Debian's libraries.
	args := append([]string{"-I", peers + "client.py", p.ws}, authorization...)
	return startPeer(t, nil, python, args...)
}

// The answers to invalid messages, and how sockets are closed, are checked too.
func TestPythonClient_ReceivesWhatRubyPublishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.serve("LOG_LEVEL=debug", "DRAIN_PERIOD=0s")
	b := w.bunny()
	trade := func() {
		b.trade(headers{"market": "btcusd", "ask_member_uid": seller, "bid_member_uid": buyer}, fixture(t, "trade.json"))
	}

	s := pythonClient(t, p)
	s.expectChallenge()
	for _, c := range []struct{ send, want string }{
		{`"garbage"`, badMessage},
		{`"[]"`, badMessage},
		{`""`, badMessage},
		{`b"\x00\xff"`, badMessage},
		{`"{}"`, noBearer},
		{strconv.Quote(`{"jwt":"Basic garbage"}`), noBearer},
		{strconv.Quote(`{"jwt":"Bearer garbage"}`), refused},
		{`"ping"`, "pong"},
		{strconv.Quote(`{"jwt":"Bearer ` + w.token(seller) + `"}`), authenticated},
	} {
		s.write(c.send)
		s.expect(c.want)
	}
	trade()
	s.expect(fixture(t, "trade.seller.json"))
	s.expect(w.order(seller, 1)) // from another connection, so published only now
	check(t, s.stdin.Close())    // the client closes
	s.expect(`closed 1000 ''`)
	s.expectEnd()
	if got := p.awaitLog("socket closed")["code"]; got != "1000" {
		t.Errorf("got code %s in the log for a clean close, want 1000", got)
	}
	if got := p.metric(`ranger_closes_total{code="1000"}`); got != 1 {
		t.Errorf("got %v clean closes, want 1", got)
	}

	s = pythonClient(t, p, "Bearer garbage")
	s.expect("refused 401")
	s.expectEnd()

	s = pythonClient(t, p, "Bearer "+w.token(buyer))
	s.expectChallenge()
	s.expect(authenticated)
	trade()
	s.expect(fixture(t, "trade.buyer.json"))
	s.expect(w.order(buyer, 2)) // from another connection, so published only now
	p.signal(syscall.SIGTERM)
	s.expect(`closed 1001 'going away'`)
	s.expectEnd()
	if code := p.exit(); code != 0 {
		t.Errorf("ranger: got exit code %d, want 0", code)
	}
	b.leave()
}
