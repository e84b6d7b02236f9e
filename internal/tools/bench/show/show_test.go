package show_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ranger/internal/tools/bench"
	"ranger/internal/tools/bench/show"
)

func TestTable_HasAtMost80Columns(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", b.String())
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("got a line of %d columns, want 80 at most: %s", n, line)
		}
	}
}

// No number is NaN or infinite, which JSON does not have.
func TestJSON_HasNumbersAsMeasured(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "document.json", b.String())
	b.Reset()
	if err := new(show.Document).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var empty map[string]json.RawMessage
	if err := json.Unmarshal([]byte(b.String()), &empty); err != nil || string(empty["notes"]) != "[]" || string(empty["reports"]) != "[]" {
		t.Errorf("empty document: got %s, %v", b.String(), err)
	}
}

func TestPage_IsWellFormedAndEscapesText(t *testing.T) {
	var b strings.Builder
	if err := sample().WritePage(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "page.html", b.String())
	wellFormed(t, b.String())
	if strings.Contains(b.String(), "<script") {
		t.Error("got text of a server as markup")
	}
}

// TestPage_FewValues: a page of empty, single or zero values is valid.
func TestPage_FewValues(t *testing.T) {
	d := new(show.Document)
	d.Add(bench.Report{Scenario: "nothing"})
	d.Add(bench.Report{
		Scenario: "zeros", Took: time.Second,
		Latencies: []bench.Latency{{Title: "none"}, {Title: "zero", Quantiles: []bench.Quantile{{Percent: 50}, {Percent: 100}}}},
		Series:    []bench.Series{{Title: "flat", Points: []bench.Point{{}}}, {Title: "below", Points: []bench.Point{{Value: -1}, {Seconds: 1, Value: -2}}}},
	})
	d.Add(bench.Report{Scenario: "one", Latencies: []bench.Latency{{Title: "one", Count: 1, Quantiles: []bench.Quantile{{Percent: 100, Micros: 5}}}}})
	var page, table strings.Builder
	if err := errors.Join(d.WritePage(&page), d.WriteTable(&table)); err != nil {
		t.Fatal(err)
	}
	wellFormed(t, page.String())
	for _, none := range []string{"NaN", "Inf"} {
		if strings.Contains(page.String(), none) || strings.Contains(table.String(), none) {
			t.Errorf("got %s in the page or table", none)
		}
	}
}

// wellFormed checks that each tag of a page is closed, each id is unique, each
// reference has a target, and nothing leads to another page.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	ids, refs := map[string]bool{}, []string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "id":
				if ids[a.Value] {
					t.Errorf("got the id %s twice", a.Value)
				}
				ids[a.Value] = true
			case "aria-labelledby":
				refs = append(refs, strings.Fields(a.Value)...)
			case "href":
				refs = append(refs, strings.TrimPrefix(a.Value, "#"))
			case "src", "srcset", "style", "action", "data", "background":
				t.Errorf("<%s> has %s=%q", start.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	for _, r := range refs {
		if !ids[r] {
			t.Errorf("got a reference to %s without a target", r)
		}
	}
	if m := regexp.MustCompile(`url\(|@import|//[a-z]`).FindString(strings.ReplaceAll(page, "ws://", "")); m != "" {
		t.Errorf("got %s in the page", m)
	}
	if !strings.Contains(page, `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;`) {
		t.Error("got a page without a policy")
	}
}
