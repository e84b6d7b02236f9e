package show

import (
	"math"
	"strconv"
	"strings"
)

// unit is a unit in which a value can be printed.
type unit struct {
	name   string
	factor float64 // in multiples of the value's own unit
	from   float64 // smallest value, in its own unit, that uses this unit
}

// units returns the units for values in a unit, the largest first.
func units(of string) []unit {
	const ki, mi, gi = 1 << 10, 1 << 20, 1 << 30
	switch of {
	case "µs":
		return []unit{{"s", 1e6, 1e6}, {"ms", 1e3, 1e3}, {"µs", 1, 0}}
	case "s":
		return []unit{{"s", 1, 1}, {"ms", 1e-3, 1e-3}, {"µs", 1e-6, 0}}
	case "B":
		return []unit{{"GiB", gi, gi}, {"MiB", mi, mi}, {"KiB", ki, 10_000}, {"B", 1, 0}}
	case "1/s":
		return []unit{{"/s", 1, 0}}
	default:
		return []unit{{of, 1, 0}}
	}
}

// scaled returns the unit in which a value is printed.
func scaled(value float64, of string) unit {
	all := units(of)
	for _, u := range all {
		if math.Abs(value) >= u.from || value == 0 && u.factor == 1 {
			return u
		}
	}
	return all[len(all)-1]
}

// quantity returns a value as text and the name of its unit.
func quantity(value float64, of string) (text, name string) {
	u := scaled(value, of)
	return number(value / u.factor), u.name
}

// number returns v with three significant digits, or all before the point.
func number(v float64) string {
	abs := math.Abs(v)
	switch {
	case v == math.Trunc(v), abs >= 99.95:
		return grouped(v)
	case abs >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case abs >= 0.9995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case abs >= 0.001:
		return strconv.FormatFloat(v, 'f', 3, 64)
	default:
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
}

// grouped returns v rounded, with commas between thousands.
func grouped(v float64) string {
	digits := strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
	var b strings.Builder
	if v < 0 && digits != "0" {
		b.WriteByte('-')
	}
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// short returns v for an axis: with no more digits than needed, and k, M and G for
// thousands.
func short(v float64) string {
	suffix := ""
	for _, s := range []string{"k", "M", "G"} {
		if math.Abs(v) < 1000 {
			break
		}
		v, suffix = v/1000, s
	}
	return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64) + suffix
}

// percentile returns the name of a quantile.
func percentile(percent float64) string {
	if percent >= 100 {
		return "max"
	}
	return strconv.FormatFloat(percent, 'f', -1, 64) + " %"
}

// plural returns a number and a noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(float64(n)) + " " + many
}
