package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ranger/internal/testenv"
)

// enter logs users in, by their buttons, and waits until they are live.
func (p *tab) enter(users ...string) {
	p.t.Helper()
	for _, user := range users {
		p.click("login-" + user)
		p.awaitText("live", "panel-"+user, "state")
	}
}

// order places an order by the form, with the keyboard from the volume on.
func (p *tab) order(user, side, volume, price string) {
	p.t.Helper()
	panel := "panel-" + user
	p.evaluate(fmt.Sprintf(`document.querySelector(%q).click()`, at(panel, "side-"+side)))
	for name, value := range map[string]string{"volume": volume, "price": price} {
		into := at(panel, name)
		// With the focus, or the page would put in the best price meanwhile.
		p.evaluate(fmt.Sprintf(`(field => (field.focus(), field.value = ""))(document.querySelector(%q))`, into))
		p.do(chromedp.SendKeys(chromedp.CSS(into), value))
	}
	p.do(chromedp.SendKeys(chromedp.CSS(at(panel, "price")), kb.Enter))
}

// I1: two users trade with each other. Each sees their own orders and their side of the
// trade, and nothing of the other's.
func TestPage_ShowsUsersOnlyTheirOwnEvents(t *testing.T) {
	t.Parallel()
	testenv.Programs(t)
	testenv.Heavy(t)
	s := startSandbox(t, nil, "--quiet")
	p := s.open(1280)
	p.enter("alice", "bob")

	p.order("alice", "sell", "0.7777", "66000")
	p.awaitCount(1, "panel-alice", "order")
	p.order("alice", "sell", "0.1234", "65000")
	p.awaitCount(2, "panel-alice", "order")
	p.order("bob", "buy", "0.2345", "65000")
	p.awaitCount(1, "panel-bob", "trade")
	p.awaitCount(1, "panel-alice", "trade")
	p.awaitCount(1, "panel-bob", "order")
	p.awaitCount(1, "panel-alice", "order")
	for user, theirs := range map[string][]string{"alice": {"0.2345", "0.1111"}, "bob": {"0.7777"}} {
		panel := p.text("panel-" + user)
		for _, volume := range theirs {
			if strings.Contains(panel, volume) {
				t.Errorf("%s's panel has a volume of the other's order, %s:\n%s", user, volume, panel)
			}
		}
	}
	// Only one's own socket has one's orders.
	for _, volume := range []string{`"0.7777"`, `"0.2345"`} {
		if got := p.sockets(volume); len(got) != 1 {
			t.Errorf("%d sockets were sent an order for %s, want 1", len(got), volume)
		}
	}

	p.click("panel-alice", "cancel-order")
	p.awaitCount(0, "panel-alice", "order")
	p.click("panel-bob", "logout")
	p.awaitCount(0, "panel-bob")
	p.awaitText("live", "panel-alice", "state")

	p.order("alice", "sell", "-1", "65000")
	p.await(fmt.Sprintf(`document.querySelector(%q).innerText !== ""`, at("panel-alice", "error-volume")), "true")
}

func TestPage_FitsWideAndNarrowWindows(t *testing.T) {
	t.Parallel()
	testenv.Programs(t)
	testenv.Heavy(t)
	s := startSandbox(t, nil, "--rate", "10")
	for _, width := range []int64{1280, 390} {
		p := s.open(width)
		p.enter("alice", "bob")
		p.order("alice", "buy", "0.01", "70000") // by one trade or several
		p.await(fmt.Sprintf(`document.querySelectorAll(%q).length > 0`, at("panel-alice", "trade")), "true")
		if got := p.evaluate(`document.documentElement.scrollWidth - innerWidth <= 0`); got != "true" {
			t.Errorf("at %d px the page is %s px wide", width, p.evaluate(`document.documentElement.scrollWidth`))
		}
	}
}

// The page's connection is cut. What happens meanwhile comes after, once, and is marked.
func TestPage_ShowsMissedEventsOnceAndMarked(t *testing.T) {
	t.Parallel()
	testenv.Programs(t)
	testenv.Heavy(t)
	s := startSandbox(t, nil, "--quiet")
	p := s.open(1280)
	p.enter("alice")
	p.order("alice", "sell", "0.5", "65000")
	p.awaitCount(1, "panel-alice", "order")
	before := p.count("panel-alice", "log-row")

	// It would come back after five seconds by its clock, which stands until all
	// has happened that it is to miss.
	p.evaluate(`(window.clock = Date.now, Date.now = (now => () => now)(Date.now()))`)
	p.click("panel-alice", "cut")
	p.awaitCount(0, "panel-alice", "replayed-mark")
	token := s.signIn()
	for _, volume := range []string{"0.1", "0.2"} {
		status, answer := s.call(http.MethodPost, "/api/v2/orders", token, `{"market":"btcusd","side":"sell","volume":"`+volume+`","price":"66000"}`)
		if status != http.StatusCreated {
			t.Fatalf("order: %d %s", status, answer)
		}
	}
	if got := p.count("panel-alice", "order"); got != "1" {
		t.Errorf("the page is cut off and shows %s orders, want 1", got)
	}
	p.evaluate(`Date.now = window.clock`)
	p.awaitText("live", "panel-alice", "state")
	p.awaitCount(3, "panel-alice", "order")
	p.awaitCount(2, "panel-alice", "replayed-mark")
	if got := p.evaluate(`(places => places.length - new Set(places).size)([...document.querySelectorAll('[data-kind="order"] [data-test="log-position"]')].map(e => e.innerText))`); got != "0" {
		t.Errorf("%s events stand twice in the log (%s rows before the cut):\n%s", got, before, p.text("panel-alice", "log"))
	}
}

// Tokens expire. The page sends others in time and misses nothing.
func TestPage_RenewsTokensOnTheSameSocket(t *testing.T) {
	t.Parallel()
	testenv.Programs(t) // and mostly waits
	s := startSandbox(t, nil, "--quiet", "--token-lifetime", "20s")
	p := s.open(1280)
	p.enter("alice")
	placed := 0
	for ; p.tokens() < 3; placed++ {
		status, answer := s.call(http.MethodPost, "/api/v2/orders", s.signIn(), `{"market":"btcusd","side":"sell","volume":"0.001","price":"66000"}`)
		if status != http.StatusCreated {
			t.Fatalf("order: %d %s", status, answer)
		}
		p.awaitCount(placed+1, "panel-alice", "order")
	}
	if got := p.count("panel-alice", "replayed-mark"); got != "0" {
		t.Errorf("%s of %d events were replayed: the socket did not stay", got, placed)
	}
	if got := len(p.sockets(`"success"`)); got != 1 {
		t.Errorf("there were %d sockets, want 1", got)
	}
}

// reloadAfter loads the page anew, each time after a script has run in it.
func (p *tab) reloadAfter(script string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	check(p.t, err)
	p.do(chromedp.Reload())
}

// asked is how often the page has asked for a path since it was loaded.
func asked(path string) string {
	return fmt.Sprintf(`performance.getEntriesByType("resource").filter(e => e.name.includes(%q)).length`, path)
}

// The browser refuses the page site data: the page begins once all the same, and knows
// its position until it is reloaded.
func TestPage_WorksWithoutSiteData(t *testing.T) {
	t.Parallel()
	testenv.Programs(t)
	testenv.Heavy(t)
	s := startSandbox(t, nil, "--quiet")
	p := s.open(1280)
	p.reloadAfter(`for (const name of ["localStorage", "sessionStorage"])
		Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError") } })`)
	p.await(asked("/api/v2/trades?")+` >= 3`, "true")
	for what, got := range map[string]string{
		"asks for the users": p.evaluate(asked("/sandbox/users")),
		"offers Alice":       p.count("login-alice"),
		"offers BTC/USD":     p.count("show-btcusd"),
	} {
		if got != "1" {
			t.Errorf("the page %s %s times, want once", what, got)
		}
	}
	p.click("theme")
	p.await(`document.documentElement.dataset.theme`, "light")

	const resumed = `document.querySelector('[data-test="log"]').innerText.includes("to go on from")`
	p.enter("alice")
	p.click("panel-alice", "cut")
	p.await(resumed, "true")
	p.click("panel-alice", "logout")
	p.enter("alice")
	if got := p.evaluate(resumed); got != "false" {
		t.Error("the page still knows the position of who logged out")
	}
	p.do(chromedp.Reload())
	p.awaitCount(0, "panel-alice")
	p.enter("alice")
}

// Each answer takes longer than the page waits between two requests.
func TestPage_ShowsTheMarketDespiteSlowAnswers(t *testing.T) {
	t.Parallel()
	testenv.Programs(t)
	testenv.Heavy(t)
	s := startSandbox(t, nil, "--quiet")
	p := s.open(1280)
	p.reloadAfter(`const real = fetch;
		window.fetch = async (path, ...more) => {
			if (path.includes("/trades?")) await new Promise(done => setTimeout(done, 2500));
			return real(path, ...more);
		}`)
	p.await(`document.querySelector("#last [data-field=unit]").innerText`, "usd")
}
