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
)

// tab is a page of the sandbox in a real browser, in which nothing may go wrong.
type tab struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // chromedp keeps the browser in it

	mu       sync.Mutex
	sent     int                            // guarded by mu: tokens that the page has sent on its sockets
	received map[network.RequestID][]string // guarded by mu: what came on each socket
}

// open opens the sandbox's page in a browser of its own, of a width in CSS pixels.
func (s *toy) open(width int64) *tab {
	s.t.Helper()
	browser, stop := chromedp.NewExecAllocator(s.t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), // Debian's package
		chromedp.NoSandbox,            // which root cannot have
		chromedp.UserDataDir(s.t.TempDir()),
	)...)
	s.t.Cleanup(stop)
	ctx, shut := chromedp.NewContext(browser)
	s.t.Cleanup(shut) // before the browser, whose folder goes next
	p := &tab{t: s.t, ctx: ctx, received: make(map[network.RequestID][]string)}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		s.t.Fatalf("start Chromium: %v (`make test` installs it)", err)
	}
	p.do(chromedp.EmulateViewport(width, 900), chromedp.Navigate(s.url+"/"))
	return p
}

// hear takes what the browser says of the page: each fault fails the test.
func (p *tab) hear(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](fmt.Sprintf(`String(%s) === %q`, expression, want), chromedp.WithPollingTimeout(patience)))
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
