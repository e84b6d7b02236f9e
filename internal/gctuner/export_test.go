package gctuner

// WantedPercent returns the GC percentage for a live heap and an allocation rate.
func WantedPercent(live, rate, history int64) int {
	return wantedPercent(live, rate, maxPercent(live, history))
}

// ShrinkAfter is shrinkAfter.
const ShrinkAfter = shrinkAfter

// Percent is the current GC percentage.
type Percent = percent

// Update processes a sample and returns the percentage that applies after it.
func (p *percent) Update(wanted, most int) int {
	p.update(wanted, most)
	return p.current
}
