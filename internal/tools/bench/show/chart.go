package show

import (
	"math"
	"strconv"
	"strings"
)

// Size and margins of a chart in units of its viewBox. The page's style sizes the text,
// larger if the chart is shown small.
const (
	chartWidth   = 480.0
	chartHeight  = 280.0
	marginLeft   = 62.0
	marginRight  = 18.0
	marginTop    = 14.0
	marginBottom = 50.0
)

// chart is a drawing for the page's template.
type chart struct {
	ID     string // unique on the page
	Title  string
	Desc   string // description for screen readers
	X, Y   []tick
	XName  string
	Lines  []line
	Legend bool
	Table  *grid // the same data as a table
}

// tick is a mark on an axis.
type tick struct {
	At    float64
	Label string
}

// line is a line of a chart.
type line struct {
	Class string // selects colour and dashes
	Name  string
	Path  string // the d of an SVG path
	Area  string // the d of the area below; empty: none
	Dots  []dot
}

// dot is a point of a line, with its tooltip.
type dot struct {
	X, Y  float64
	Title string
}

// grid is a table.
type grid struct {
	Head []string
	Rows [][]string
}

// Edges of the plot, for the template.
func (chart) Width() float64  { return chartWidth }
func (chart) Height() float64 { return chartHeight }
func (chart) Left() float64   { return marginLeft }
func (chart) Right() float64  { return chartWidth - marginRight }
func (chart) Top() float64    { return marginTop }
func (chart) Bottom() float64 { return chartHeight - marginBottom }

// scale maps values to coordinates on an axis.
type scale struct {
	low, high float64 // values at its ends
	from, to  float64 // coordinates of low and high
	log       bool
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		v, low, high = math.Log10(max(v, s.low)), math.Log10(low), math.Log10(high)
	}
	if high == low {
		return s.from
	}
	return tenth(s.from + (v-low)/(high-low)*(s.to-s.from))
}

// tenth rounds a coordinate: more digits only make the page longer.
func tenth(v float64) float64 { return math.Round(v*10) / 10 }

// yAxis returns a scale for values from low to high on the Y axis, and its ticks. It
// begins at 0, or is logarithmic if the values are far apart.
func yAxis(low, high float64, of string, mayLog bool) (scale, []tick) {
	s := scale{high: high, from: chartHeight - marginBottom, to: marginTop}
	var values []float64
	if mayLog && low > 0 && high > 20*low {
		s.log = true
		s.low, s.high, values = decades(low, high)
	} else {
		s.high, values = steps(high, scaled(high, of).factor, 5)
	}
	var ticks []tick
	for _, v := range values {
		ticks = append(ticks, tick{s.at(v), axisLabel(v, of, s)})
	}
	return s, ticks
}

// axisLabel returns the label of a value: in the unit of the whole axis, or in its own
// unit if the axis is logarithmic.
func axisLabel(v float64, of string, s scale) string {
	u := scaled(s.high, of)
	if s.log {
		u = scaled(v, of)
	}
	label := short(v / u.factor)
	if v != 0 && u.name != "" {
		return label + " " + u.name
	}
	return label
}

// steps returns the end of an axis that begins at 0 and includes high, and at most
// count round values on it, in multiples of unit.
func steps(high, unit float64, count int) (end float64, values []float64) {
	if high <= 0 {
		high = unit
	}
	raw := high / unit / float64(count)
	size := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, round := range []float64{1, 2, 2.5, 5, 10} {
		if round*size >= raw*0.999999 {
			size *= round
			break
		}
	}
	n := int(math.Ceil(high/unit/size - 1e-9))
	for i := range n + 1 {
		values = append(values, float64(i)*size*unit)
	}
	return values[n], values
}

// decades returns the ends of a logarithmic axis that includes low and high, and the
// values to mark.
func decades(low, high float64) (from, to float64, values []float64) {
	rounds := []float64{1, 2, 5}
	if high > 200*low {
		rounds = []float64{1}
	}
	for decade := math.Floor(math.Log10(low)); to < high; decade++ {
		for _, round := range rounds {
			v := round * math.Pow(10, decade)
			if v <= low*1.000001 {
				values = values[:0]
			}
			if values = append(values, v); v >= high*0.999999 {
				to = v
				break
			}
		}
	}
	return values[0], to, values
}

// path returns the SVG path through points.
func path(points []dot) string {
	var b strings.Builder
	for i, p := range points {
		if i == 0 {
			b.WriteByte('M')
		} else {
			b.WriteByte('L')
		}
		b.WriteString(place(p.X))
		b.WriteByte(' ')
		b.WriteString(place(p.Y))
	}
	return b.String()
}

// area returns the SVG path around the area below the line through points.
func area(points []dot, bottom float64) string {
	if len(points) < 2 {
		return ""
	}
	return path(points) + "L" + place(points[len(points)-1].X) + " " + place(bottom) + "L" + place(points[0].X) + " " + place(bottom) + "Z"
}

func place(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
