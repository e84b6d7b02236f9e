package show

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// lineEvery is how often a line tells of a step.
const lineEvery = 5 * time.Second

// Progress tells how far a run is, a step after another: each has a bar, or now and
// then a line. Its methods are safe for concurrent use.
type Progress struct {
	w    io.Writer // fixed at construction
	bars bool      // likewise

	mu       sync.Mutex
	scenario string                   // guarded by mu
	step     string                   // guarded by mu: the newest; empty: none yet
	past     map[string]bool          // guarded by mu: steps of the scenario before that
	bar      *progressbar.ProgressBar // guarded by mu: the step's
	told     time.Time                // guarded by mu: when the last line was written
}

// NewBars returns a Progress with bars, for a terminal.
func NewBars(w io.Writer) *Progress { return &Progress{w: w, bars: true} }

// NewLines returns a Progress with lines, for a log.
func NewLines(w io.Writer) *Progress { return &Progress{w: w} }

// Begin says that a scenario begins.
func (p *Progress) Begin(scenario string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLocked()
	p.scenario, p.past = scenario, make(map[string]bool)
}

// End says that there is no more to tell.
func (p *Progress) End() { p.Begin("") }

// Tell says how much of a step is done, and how much there is. What is told of a
// step when a later one has begun is not shown.
func (p *Progress) Tell(step string, done, total int64) {
	total = max(total, 1)
	done = min(max(done, 0), total)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.past[step] {
		return
	}
	fresh := step != p.step
	if fresh {
		p.endLocked()
		p.step = step
	}
	if !p.bars {
		p.lineLocked(done, total, fresh)
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(pad(p.scenario+": "+step, 34)),
			progressbar.OptionSetWidth(20),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionUseANSICodes(true),
		)
	}
	if p.bar.GetMax64() != total {
		p.bar.ChangeMax64(total)
	}
	_ = p.bar.Set64(done) // a terminal that is gone is no fault of the run
}

// lineLocked writes a line where it is time.
func (p *Progress) lineLocked(done, total int64, fresh bool) {
	now := time.Now()
	if !fresh && now.Sub(p.told) < lineEvery {
		return
	}
	p.told = now
	_, _ = fmt.Fprintf(p.w, "%s: %s: %s of %s\n", p.scenario, p.step, grouped(float64(done)), grouped(float64(total)))
}

// endLocked leaves the step behind.
func (p *Progress) endLocked() {
	if p.step == "" {
		return
	}
	if p.past != nil {
		p.past[p.step] = true
	}
	if p.bar != nil {
		_ = p.bar.Exit() // keeps it as it stands
		_, _ = io.WriteString(p.w, "\n")
	}
	p.step, p.bar = "", nil
}
