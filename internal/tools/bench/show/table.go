package show

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"ranger/internal/tools/bench"
)

// width is the largest width of a table in columns.
const width = 80

// WriteTable writes the document as plain text of at most 80 columns, except for long
// words such as URLs.
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

// wrapped writes a paragraph after lead.
func (t *table) wrapped(lead, text string) {
	for i, l := range folded(text, width-utf8.RuneCountInString(lead)) {
		if i > 0 {
			lead = strings.Repeat(" ", utf8.RuneCountInString(lead))
		}
		t.line("%s%s", lead, l)
	}
}

// folded splits text into lines of at most so many runes, except for longer words.
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
	t.line("%s: %s, in %s, at %s", r.Scenario, loadText(r), durationText(r), r.Server)
	t.figures(r.Figures)
	t.latencies(r.Latencies)
	t.faults(r.Faults)
}

// figureWidth is the width of a figure's title in the line of its value.
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

// Widths of the table of latencies: title, count, and each of six quantiles.
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

// quantiles writes a line of the table of latencies. The first cell is a count.
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
		t.line("  no faults: every event arrived once, in order, and only at its user")
		return
	}
	t.line("  FAULTS: %s", faultCounts(f))
	for _, first := range f.First {
		t.wrapped("    - ", first)
	}
}

// faultCounts returns the kinds of fault that occurred, with their counts.
func faultCounts(f bench.Faults) string {
	var parts []string
	for _, k := range faultKinds(f) {
		if k.Count > 0 {
			parts = append(parts, grouped(float64(k.Count))+" "+k.Name)
		}
	}
	return strings.Join(parts, ", ")
}

// loadText returns the number of users and sockets in words.
func loadText(r bench.Report) string {
	if r.Sockets == 0 {
		return plural(r.Users, "user", "users")
	}
	return plural(r.Users, "user", "users") + " with " + plural(r.Sockets, "socket", "sockets") + " each"
}

// durationText returns the duration of the run.
func durationText(r bench.Report) string {
	value, unit := quantity(r.Took.Seconds(), "s")
	return value + " " + unit
}

// pad extends s to n runes.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}
