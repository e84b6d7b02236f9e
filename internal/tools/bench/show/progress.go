package show

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// lineEvery is the time between two lines about one step.
const lineEvery = 5 * time.Second

// Progress shows how far a run is, step by step: with a bar for each, or with lines. It
// is safe for concurrent use.
type Progress struct {
	w    io.Writer // fixed at construction
	bars bool      // fixed at construction

	mu       sync.Mutex
	scenario string                   // guarded by mu
	step     string                   // guarded by mu: the current step; empty: none
	past     map[string]bool          // guarded by mu: earlier steps of the scenario
	bar      *progressbar.ProgressBar // guarded by mu: of the step
	lastLine time.Time                // guarded by mu: time of the last line
}

// NewBars returns a Progress that draws bars, for a terminal.
func NewBars(w io.Writer) *Progress { return &Progress{w: w, bars: true} }

// NewLines returns a Progress that writes lines, for a log.
func NewLines(w io.Writer) *Progress { return &Progress{w: w} }

// Begin begins a scenario.
func (p *Progress) Begin(scenario string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLocked()
	p.scenario, p.past = scenario, make(map[string]bool)
}

// End ends the last scenario.
func (p *Progress) End() { p.Begin("") }

// Report shows the part of a step that is done, and the total. Calls for a step after a
// later step has begun are ignored.
func (p *Progress) Report(step string, done, total int64) {
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
	_ = p.bar.Set64(done) // the run goes on without a terminal
}

// lineLocked writes a line if one is due.
func (p *Progress) lineLocked(done, total int64, fresh bool) {
	now := time.Now()
	if !fresh && now.Sub(p.lastLine) < lineEvery {
		return
	}
	p.lastLine = now
	_, _ = fmt.Fprintf(p.w, "%s: %s: %s of %s\n", p.scenario, p.step, grouped(float64(done)), grouped(float64(total)))
}

// endLocked ends the current step.
func (p *Progress) endLocked() {
	if p.step == "" {
		return
	}
	if p.past != nil {
		p.past[p.step] = true
	}
	if p.bar != nil {
		_ = p.bar.Exit() // leaves the bar as it is
		_, _ = io.WriteString(p.w, "\n")
	}
	p.step, p.bar = "", nil
}
