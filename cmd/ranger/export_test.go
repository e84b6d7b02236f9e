package main

// GrowthFor returns by how many percent the heap may grow.
func GrowthFor(inUse, rate, history int64) int { return growthFor(inUse, rate, history) }

// CalmAfter is calmAfter.
const CalmAfter = calmAfter

// Growth is what the heap may grow by.
type Growth = growth

// Follow takes a second's wish, and returns what holds from then on.
func (g *growth) Follow(wish int) int {
	g.follow(wish)
	return g.now
}
