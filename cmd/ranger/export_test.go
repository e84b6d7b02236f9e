package main

// GrowthFor returns by how many percent the heap may grow.
func GrowthFor(inUse, rate, history int64) int {
	return growthFor(inUse, rate, boundFor(inUse, history))
}

// CalmAfter is calmAfter.
const CalmAfter = calmAfter

// Growth is what the heap may grow by.
type Growth = growth

// Follow takes a look's wish and bound, and returns what holds from then on.
func (g *growth) Follow(wish, bound int) int {
	g.follow(wish, bound)
	return g.now
}
