package main

// GrowthFor returns by how many percent the heap may grow.
func GrowthFor(inUse, rate, history int64) int { return growthFor(inUse, rate, history) }
