package show

// Quantity lets tests see how a value is told.
func Quantity(value float64, of string) (text, unit string) { return quantity(value, of) }

// Axis returns the labels of an upright axis, and whether their places rise from
// the bottom of a chart to what the values need.
func Axis(low, high float64, of string, mayLog bool) (labels []string, rising bool) {
	s, ticks := upright(low, high, of, mayLog)
	rising = s.at(high) >= marginTop && s.at(max(low, s.low)) <= chartHeight-marginBottom
	for i, t := range ticks {
		labels = append(labels, t.Label)
		rising = rising && (i == 0 || t.At < ticks[i-1].At)
	}
	return labels, rising
}
