package main_test

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"

	"ranger/internal/auth"
	"ranger/internal/event"
)

// pageOrder is orderBody as the browser client returns it: numbers are strings.
func pageOrder(id int, replay bool) string {
	return fmt.Sprintf(`order {"id":"%d","side":"sell","price":"0.10","state":"wait","market_id":"btcusd"} %t`, id, replay)
}

// clients/js recovers from lost connections, a restarted node and expired tokens.
func TestBrowserClient_RecoversWithoutLoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.serve("DRAIN_PERIOD=0s")
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%v (`make test` installs what the tests need)", err)
	}
	s := startPeer(t, nil, node, peers+"client.mjs", p.ws)
	token := func(uid event.UID) { s.write("token " + w.token(uid)) }
	const big = 9007199254740993 // 2^53 + 1

	s.expect("token false")
	token(seller)
	s.expect("open ", "resync start")
	w.order(seller, big)
	s.expect(pageOrder(big, false))

	other := w.login(p, buyer)
	s.write("cut")
	s.expect("waiting 1006", "token false")
	w.order(seller, 2)
	w.order(seller, 4)
	other.expect(w.order(buyer, 3)) // so the node has read the events before it
	token(seller)
	s.expect("open ", pageOrder(2, true), pageOrder(4, true))
	w.order(seller, 5)
	s.expect(pageOrder(5, false))

	s.write("cut")
	s.expect("waiting 1006", "token false")
	s.write("token garbage")
	s.expect("token true") // on the same socket
	s.write("token " + w.sign(auth.Claims{UID: seller}))
	s.expect("open ")

	p.signal(syscall.SIGTERM)
	s.expect("waiting 1012", "token false")
	if code := p.exit(); code != 0 {
		t.Errorf("ranger: got exit code %d, want 0", code)
	}
	check(t, s.stdin.Close())
	s.expect("closed ")
	s.expectEnd()
}
