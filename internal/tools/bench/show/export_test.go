package show

// Quantity returns a value and its unit as printed.
func Quantity(value float64, of string) (text, unit string) { return quantity(value, of) }

// Axis returns the labels of an upright axis, and reports whether they rise from
// the bottom of the chart and include the values.
func Axis(low, high float64, of string, mayLog bool) (labels []string, rising bool) {
	s, ticks := yAxis(low, high, of, mayLog)
	rising = s.at(high) >= marginTop && s.at(max(low, s.low)) <= chartHeight-marginBottom
	for i, t := range ticks {
		labels = append(labels, t.Label)
		rising = rising && (i == 0 || t.At < ticks[i-1].At)
	}
	return labels, rising
}
