package show

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ranger/internal/tools/bench"
)

// width is how many columns a table takes at most.
const width = 80

// WriteTable writes the document as plain text of at most 80 columns, but for
// what is longer by itself, such as a URL.
func (d *Document) WriteTable(w io.Writer) error {
	var t table
	t.line("ranger %s on %s/%s, %s, %s", d.Machine.Ranger, d.Machine.OS, d.Machine.Arch, plural(d.Machine.Cores, "core", "cores"), d.Machine.Go)
	for _, r := range d.Reports {
		t.report(r)
	}
	for i, n := range d.Notes {
		if i == 0 {
			t.line("")
		}
		t.wrapped("note: ", n)
	}
	_, err := io.WriteString(w, t.text.String())
	return err
}

type table struct{ text strings.Builder }

func (t *table) line(format string, args ...any) {
	t.text.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	t.text.WriteByte('\n')
}

// wrapped writes a paragraph behind a word.
func (t *table) wrapped(lead, text string) {
	for i, l := range folded(text, width-utf8.RuneCountInString(lead)) {
		if i > 0 {
			lead = strings.Repeat(" ", utf8.RuneCountInString(lead))
		}
		t.line("%s%s", lead, l)
	}
}

// folded returns text in lines of so many runes, but for words that are longer.
func folded(text string, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

func (t *table) report(r bench.Report) {
	t.line("")
	t.line("%s: %s, in %s, at %s", r.Scenario, load(r), took(r), r.Server)
	t.figures(r.Figures)
	t.latencies(r.Latencies)
	t.faults(r.Faults)
}

// figureWidth is how long a figure's title may be in its value's line.
const figureWidth = 58

func (t *table) figures(figures []bench.Figure) {
	for _, f := range figures {
		value, unit := quantity(f.Value, f.Unit)
		lines := folded(f.Title, figureWidth)
		for _, l := range lines[:len(lines)-1] {
			t.line("  %s", l)
		}
		t.line("  %s %12s %s", pad(lines[len(lines)-1], figureWidth), value, unit)
	}
}

// Columns of latencies: a title, how many there were, and six quantiles.
const (
	titleWidth    = 21
	countWidth    = 9
	quantileWidth = 8
)

// latencies writes the table of latencies.
func (t *table) latencies(all []bench.Latency) {
	if len(all) == 0 {
		return
	}
	g := latencyGrid(all)
	t.line("")
	t.quantiles("latency "+g.Head[0], g.Head[1:])
	for _, row := range g.Rows {
		title := row[0]
		if utf8.RuneCountInString(title) > titleWidth {
			t.wrapped("  ", title)
			title = ""
		}
		t.quantiles(title, row[1:])
	}
}

// quantiles writes a line of the table of latencies: a count first.
func (t *table) quantiles(title string, cells []string) {
	t.text.WriteString("  " + pad(title, titleWidth))
	columns := countWidth
	for _, cell := range cells {
		t.text.WriteString(strings.Repeat(" ", max(1, columns-utf8.RuneCountInString(cell))) + cell)
		columns = quantileWidth
	}
	t.text.WriteByte('\n')
}

func (t *table) faults(f bench.Faults) {
	t.line("")
	if !f.Any() {
		t.line("  no faults: every delivery came, once, in order, and to its user alone")
		return
	}
	t.line("  FAULTS: %s", faultCounts(f))
	for _, first := range f.First {
		t.wrapped("    - ", first)
	}
}

// faultCounts names each kind of fault that there was.
func faultCounts(f bench.Faults) string {
	var parts []string
	for _, k := range faultKinds(f) {
		if k.Count > 0 {
			parts = append(parts, grouped(float64(k.Count))+" "+k.Name)
		}
	}
	return strings.Join(parts, ", ")
}

// load says how many users and sockets there were.
func load(r bench.Report) string {
	if r.Sockets == 0 {
		return plural(r.Users, "user", "users")
	}
	return plural(r.Users, "user", "users") + " with " + plural(r.Sockets, "socket", "sockets") + " each"
}

// took says how long it took.
func took(r bench.Report) string {
	value, unit := quantity(r.Took.Seconds(), "s")
	return value + " " + unit
}

// pad fills s up to n runes.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}
