package show_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ranger/internal/tools/bench/show"
)

// tell plays a run of two scenarios.
func tell(p *show.Progress) {
	p.Begin("connect")
	for n := range 13 {
		p.Tell("opening sockets", int64(n), 12)
		<-time.After(time.Second)
	}
	p.Tell("publishing", -1, 0)
	p.Tell("opening sockets", 12, 12) // a straggler
	p.Tell("publishing", 9, 5)
	<-time.After(time.Minute)
	p.Tell("publishing", 9, 5)
	p.Begin("idle")
	p.Tell("opening sockets", 1, 10_000)
	p.End()
	p.End()
}

func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		tell(show.NewLines(&b))
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

// Each step has one bar, which is left behind when the next begins.
func TestProgressBars(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		tell(show.NewBars(&b))
		lines := strings.Split(b.String(), "\n")
		if len(lines) != 4 || lines[3] != "" {
			t.Fatalf("got %d bars in %q", len(lines)-1, b.String())
		}
		for i, want := range []string{"connect: opening sockets", "connect: publishing", "idle: opening sockets"} {
			if !strings.Contains(lines[i], want) {
				t.Errorf("bar %d is %q, want %s", i, lines[i], want)
			}
		}
		if !strings.Contains(lines[0], "100%") || !strings.Contains(lines[0], "(12/12)") {
			t.Errorf("the first bar is not full: %q", lines[0])
		}
	})
}

func TestProgressConcurrently(t *testing.T) {
	var b strings.Builder
	p := show.NewBars(&b)
	p.Begin("connect")
	var telling sync.WaitGroup
	for _, step := range []string{"opening", "publishing", "reading"} {
		telling.Go(func() {
			for n := range 100 {
				p.Tell(step, int64(n), 100)
			}
		})
	}
	telling.Wait()
	p.End()
	if n := strings.Count(b.String(), "\n"); n == 0 || n > 3 {
		t.Errorf("%d bars for three steps", n)
	}
}
