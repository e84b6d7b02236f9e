package main_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"ranger/internal/testenv"
)

// tab is a page of the sandbox in a real browser, in which nothing may go wrong.
type tab struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // chromedp keeps the browser in it

	mu       sync.Mutex
	closed   bool                           // guarded by mu: the test is over, its server may end before the tab
	sent     int                            // guarded by mu: tokens that the page has sent on its sockets
	received map[network.RequestID][]string // guarded by mu: what came on each socket
}

// browser is the one of all tests: a start costs seconds of CPU time. The tabs of
// a test share no storage with those of others.
var browser struct {
	mu   sync.Mutex
	ctx  context.Context //nolint:containedctx // chromedp keeps the browser in it; guarded by mu; nil before the first test
	stop func()          // guarded by mu
}

// openBrowser starts the browser if it does not run.
func openBrowser(t testing.TB) context.Context {
	t.Helper()
	browser.mu.Lock()
	defer browser.mu.Unlock()
	if browser.ctx == nil {
		allocator, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], //nolint:usetesting // it outlives the test
			chromedp.ExecPath("chromium"), // Debian's package
			chromedp.NoSandbox,            // which root cannot have
		)...)
		ctx, shut := chromedp.NewContext(allocator)
		browser.stop = func() { shut(); end() }
		if err := chromedp.Do(ctx); err != nil {
			browser.stop()
			t.Fatalf("start Chromium: %v (`make test` installs it)", err)
		}
		browser.ctx = ctx
	}
	return browser.ctx
}

// closeBrowser ends the browser after all tests.
func closeBrowser() {
	browser.mu.Lock()
	defer browser.mu.Unlock()
	if browser.ctx != nil {
		browser.stop()
	}
}

// open opens the sandbox's page in a tab of its own, of a width in CSS pixels.
func (s *toy) open(width int64) *tab {
	s.t.Helper()
	ctx, shut := chromedp.NewContext(openBrowser(s.t), chromedp.WithNewBrowserContext())
	p := &tab{t: s.t, ctx: ctx, received: make(map[network.RequestID][]string)}
	s.t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		shut()
	})
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		s.t.Fatalf("open a tab: %v", err)
	}
	p.do(chromedp.EmulateViewport(width, 900), chromedp.Navigate(s.url+"/"))
	return p
}

// hear takes what the browser says of the page: each fault fails the test.
func (p *tab) hear(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		p.t.Errorf("the page threw %s", ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			p.t.Errorf("the console has %s: %s", ev.Type, ev.Args[0].Value)
		}
	case *log.EventEntryAdded:
		// It tells of each refused request; a page has no say in that.
		if strings.Contains(ev.Entry.Text, "status of 422") {
			return
		}
		if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
			p.t.Errorf("the browser says %s: %s %s", ev.Entry.Level, ev.Entry.Text, ev.Entry.URL)
		}
	case *network.EventWebSocketFrameSent:
		if strings.Contains(string(ev.Response.PayloadData), `"jwt"`) {
			p.sent++
		}
	case *network.EventWebSocketFrameReceived:
		p.received[ev.RequestID] = append(p.received[ev.RequestID], string(ev.Response.PayloadData))
	}
}

// tokens returns how many tokens the page has sent on its sockets.
func (p *tab) tokens() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}

// sockets returns what came on each socket that a text came on, as one text each.
func (p *tab) sockets(with string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, frames := range p.received {
		if text := strings.Join(frames, "\n"); strings.Contains(text, with) {
			all = append(all, text)
		}
	}
	return all
}

// do does one thing after another.
func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatalf("in the browser: %v", err)
	}
}

// at is the selector of something on the page, by its data-test.
func at(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, `[data-test="%s"] `, name)
	}
	return strings.TrimSpace(b.String())
}

// click clicks on something when it is there and can be clicked.
func (p *tab) click(names ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf(`(e => e && !e.disabled && e.offsetParent !== null)(document.querySelector(%q))`, at(names...)), "true")
	p.do(chromedp.Click(chromedp.CSS(at(names...))))
}

// text returns what stands in something.
func (p *tab) text(names ...string) string {
	p.t.Helper()
	return p.evaluate(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? "(not there)"`, at(names...)))
}

// count returns how many there are of something.
func (p *tab) count(names ...string) string {
	p.t.Helper()
	return p.evaluate(fmt.Sprintf(`document.querySelectorAll(%q).length`, at(names...)))
}

// evaluate returns what an expression is on the page, as text.
func (p *tab) evaluate(expression string) string {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`String(`+expression+`)`))
	if err != nil {
		p.t.Fatalf("in the browser: %s: %v", expression, err)
	}
	return value
}

// await waits until an expression on the page is want, as text.
func (p *tab) await(expression, want string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](fmt.Sprintf(`String(%s) === %q`, expression, want), chromedp.WithPollingTimeout(testenv.Patience)))
	if err != nil {
		p.t.Fatalf("%s is %s, want %s: %v", expression, p.evaluate(expression), want, err)
	}
}

// awaitText waits until something on the page says want.
func (p *tab) awaitText(want string, names ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf(`document.querySelector(%q)?.innerText`, at(names...)), want)
}

// awaitCount waits until there are so many of something.
func (p *tab) awaitCount(want int, names ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf(`document.querySelectorAll(%q).length`, at(names...)), fmt.Sprint(want))
}
