package journal_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"ranger/internal/journal"
)

func TestPosition_String(t *testing.T) {
	p := journal.Position{Offset: 41, Check: 0x9f3c2a1}
	const want = "41.09f3c2a1"
	if got := p.String(); got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("caught up", "position", p)
	if !strings.Contains(b.String(), "position="+want) {
		t.Errorf("the log line is %q, want position=%s in it", b.String(), want)
	}
}

func TestParsePosition_ReadsWhatStringReturns(t *testing.T) {
	for text, want := range map[string]journal.Position{
		"0.00000000":                {},
		"41.09f3c2a1":               {Offset: 41, Check: 0x9f3c2a1},
		"10.ffffffff":               {Offset: 10, Check: 1<<32 - 1},
		"9007199254740991.abcdef01": {Offset: journal.MaxOffset - 1, Check: 0xabcdef01},
	} {
		if got, ok := journal.ParsePosition(text); !ok || got != want {
			t.Errorf("ParsePosition(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
}

// I7: everything else that a client may send is refused.
func TestParsePosition_RefusesEverythingElse(t *testing.T) {
	for name, text := range malformed() {
		t.Run(name, func(t *testing.T) {
			if got, ok := journal.ParsePosition(text); ok || got != (journal.Position{}) {
				t.Errorf("ParsePosition(%q) = %v, %v; want a refusal", text, got, ok)
			}
		})
	}
}

func malformed() map[string]string {
	return map[string]string{
		"empty":               "",
		"dot":                 ".",
		"no dot":              "4109f3c2a1",
		"no offset":           ".09f3c2a1",
		"no check":            "41.",
		"only an offset":      "41",
		"two dots":            "41..09f3c2a1",
		"three parts":         "41.09f3c2a1.",
		"three full parts":    "41.09f3c2a1.09f3c2a1",
		"fraction":            "4.1.09f3c2a1",
		"comma":               "41,09f3c2a1",
		"plus":                "+41.09f3c2a1",
		"minus":               "-41.09f3c2a1",
		"minus zero":          "-0.09f3c2a1",
		"plus in check":       "41.+9f3c2a1",
		"minus in check":      "41.-9f3c2a1",
		"space before":        " 41.09f3c2a1",
		"space after":         "41.09f3c2a1 ",
		"space inside":        "41 .09f3c2a1",
		"space in check":      "41. 9f3c2a1",
		"newline":             "41.09f3c2a1\n",
		"tab":                 "\t41.09f3c2a1",
		"leading zero":        "041.09f3c2a1",
		"only zeroes":         "00.09f3c2a1",
		"upper case":          "41.09F3C2A1",
		"mixed case":          "41.09f3c2A1",
		"short check":         "41.9f3c2a1",
		"long check":          "41.009f3c2a1",
		"hex prefix":          "41.0x9f3c2a",
		"hex offset":          "0x29.09f3c2a1",
		"hex digits":          "4a.09f3c2a1",
		"octal":               "0o51.09f3c2a1",
		"underscore":          "4_1.09f3c2a1",
		"underscore in check": "41.09f3_2a1",
		"no hex":              "41.09f3c2ag",
		"exponent":            "4e1.09f3c2a1",
		"2^53":                "9007199254740992.09f3c2a1",
		"2^63":                "9223372036854775808.09f3c2a1",
		"2^64":                "18446744073709551616.09f3c2a1",
		"2^64 and 41":         "18446744073709551657.09f3c2a1",
		"many digits":         strings.Repeat("9", 10_000) + ".09f3c2a1",
		"many zeroes":         strings.Repeat("0", 10_000) + "41.09f3c2a1",
		"NUL":                 "\x00",
		"NUL before":          "\x0041.09f3c2a1",
		"NUL after":           "41.09f3c2a1\x00",
		"NUL in check":        "41.09f3c2a\x00",
		"Arabic digits":       "٤١.09f3c2a1",
		"fullwidth digits":    "４１.09f3c2a1",
		"fullwidth in check":  "41.0９f3c2a",
		"fullwidth dot":       "41．09f3c2a1",
		"superscript":         "4¹.09f3c2a1",
		"minus sign":          "−41.09f3c2a1",
		"byte order mark":     "\ufeff41.09f3c2a1",
		"broken UTF-8":        "41.09f3c2\xff\xfe",
		"quotes":              `"41.09f3c2a1"`,
		"null":                "null",
		"NaN":                 "NaN.09f3c2a1",
		"infinity":            "Inf.09f3c2a1",
	}
}

// I7: a text that is parsed as a position is exactly its String, and the offset is below
// MaxOffset.
func FuzzParsePosition(f *testing.F) {
	for _, text := range malformed() {
		f.Add(text, uint64(len(text)), uint32(len(text)))
	}
	f.Add("0.00000000", uint64(0), uint32(0))
	f.Add("41.09f3c2a1", uint64(41), uint32(0x9f3c2a1))
	f.Add("9007199254740991.ffffffff", uint64(journal.MaxOffset-1), uint32(1<<32-1))
	f.Add("9007199254740992.ffffffff", uint64(journal.MaxOffset), uint32(1<<32-1))
	f.Add("18446744073709551615.00000001", uint64(1<<64-1), uint32(1))
	f.Fuzz(func(t *testing.T, text string, offset uint64, check uint32) {
		if p, ok := journal.ParsePosition(text); ok && (p.String() != text || p.Offset >= journal.MaxOffset) {
			t.Errorf("ParsePosition(%q) = %v, true; want false", text, p)
		}
		want := journal.Position{Offset: offset, Check: check}
		got, ok := journal.ParsePosition(want.String())
		if ok != (offset < journal.MaxOffset) || ok && got != want {
			t.Errorf("ParsePosition(%q) = %v, %v; want it back", want, got, ok)
		}
	})
}

func TestHolds_OnlyMessagesOfTheWindow(t *testing.T) {
	s := newStream(t, journal.Config{})
	s.next = 100
	for range 3*segmentSize + 5 { // within one second
		s.add()
	}
	s.wait(5 * time.Second)
	s.add()
	last := s.next - 1
	for name, c := range map[string]struct {
		position journal.Position
		want     bool
	}{
		"first":              {position(100), true},
		"end of a segment":   {position(100 + segmentSize - 1), true},
		"start of a segment": {position(100 + segmentSize), true},
		"last of a second":   {position(last - 1), true},
		"last":               {position(last), true},
		"before the window":  {position(99), false},
		"ahead":              {position(last + 1), false},
		"far ahead":          {position(1 << 62), false},
		"other check":        {journal.Position{Offset: 150, Check: position(150).Check ^ 1}, false},
		"zero":               {journal.Position{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.Holds(c.position); got != c.want {
				t.Errorf("Holds(%v) = %v, want %v", c.position, got, c.want)
			}
		})
	}
}
