package show_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/tools/bench/show"
)

// report reports a run of two scenarios.
func report(p *show.Progress) {
	p.Begin("connect")
	for n := range 13 {
		p.Report("opening sockets", int64(n), 12)
		<-time.After(time.Second)
	}
	p.Report("publishing", -1, 0)
	p.Report("opening sockets", 12, 12) // a late report of an earlier step
	p.Report("publishing", 9, 5)
	<-time.After(time.Minute)
	p.Report("publishing", 9, 5)
	p.Begin("idle")
	p.Report("opening sockets", 1, 10_000)
	p.End()
	p.End()
}

func TestLines_ReportEachStepAtIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		report(show.NewLines(&b))
		want := `connect: opening sockets: 0 of 12
connect: opening sockets: 5 of 12
connect: opening sockets: 10 of 12
connect: publishing: 0 of 1
connect: publishing: 5 of 5
idle: opening sockets: 1 of 10,000
`
		if got := b.String(); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// A bar stays when the next step begins.
func TestBars_EachStepHasOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		report(show.NewBars(&b))
		lines := strings.Split(b.String(), "\n")
		if len(lines) != 4 || lines[3] != "" {
			t.Fatalf("got %d bars in %q", len(lines)-1, b.String())
		}
		for i, want := range []string{"connect: opening sockets", "connect: publishing", "idle: opening sockets"} {
			if !strings.Contains(lines[i], want) {
				t.Errorf("bar %d: got %q, want %s", i, lines[i], want)
			}
		}
		if !strings.Contains(lines[0], "100%") || !strings.Contains(lines[0], "(12/12)") {
			t.Errorf("got first bar %q, want a full one", lines[0])
		}
	})
}

func TestBars_MayBeReportedConcurrently(t *testing.T) {
	var b strings.Builder
	p := show.NewBars(&b)
	p.Begin("connect")
	var reporting sync.WaitGroup
	for _, step := range []string{"opening", "publishing", "reading"} {
		reporting.Go(func() {
			for n := range 100 {
				p.Report(step, int64(n), 100)
			}
		})
	}
	reporting.Wait()
	p.End()
	if n := strings.Count(b.String(), "\n"); n == 0 || n > 3 {
		t.Errorf("got %d bars for three steps, want 1 to 3", n)
	}
}
