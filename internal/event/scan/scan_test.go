package scan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ranger/internal/event/scan"
)

func arrays(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestParse_ReturnsTheKindOfFault(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       error
	}{
		{"empty text", "", scan.ErrSyntax},
		{"object", ` {"a" : [1, {"b":null}], "c":"d"} `, nil},
		{"empty object", "{}", nil},
		{"two texts", "{}{}", scan.ErrSyntax},
		{"missing value", `{"a":}`, scan.ErrSyntax},
		{"trailing comma", `{"a":1,}`, scan.ErrSyntax},
		{"array", "[{}]", scan.ErrNotObject},
		{"null", "null", scan.ErrNotObject},
		{"invalid array", "[1,]", scan.ErrSyntax},
		{"maximum depth", `{"a":` + arrays(scan.MaxDepth-1) + `}`, nil},
		{"above the maximum depth", `{"a":` + arrays(scan.MaxDepth) + `}`, scan.ErrDepth},
		{"array above the maximum depth", arrays(scan.MaxDepth + 1), scan.ErrDepth},
		{"syntax error before the depth is exceeded", `{"a":x` + arrays(scan.MaxDepth), scan.ErrSyntax},
		{"syntax error after the depth is exceeded", `{"a":` + arrays(scan.MaxDepth) + `x`, scan.ErrDepth},
		{"duplicate key", `{"a":1,"b":2,"a":3}`, scan.ErrDuplicate},
		{"duplicate key with an escape", `{"a":1,"\u0061":3}`, scan.ErrDuplicate},
		{"duplicate key deeper in the text", `{"x":{"a":1,"a":3}}`, nil},
		{"syntax error after a duplicate key", `{"a":1,"a":1`, scan.ErrSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o scan.Object
			if err := o.Parse([]byte(c.text), nil); !errors.Is(err, c.want) {
				t.Errorf("%q: got error %v, want %v", c.text, err, c.want)
			}
			if o == nil {
				t.Error("got a nil Object")
			}
		})
	}
}

func TestParse_KeepsInnerObjects(t *testing.T) {
	inner := []scan.Inner{{Key: `"ask"`}, {Key: `"bid"`}}
	var o scan.Object
	for _, c := range []struct {
		text     string
		ask, bid string // their member "id"; empty: not found
	}{
		{`{"ask":{"id":1},"bid":{"id":2}}`, "1", "2"},
		{`{"bid":{"id":3,"ask":{"id":4}}}`, "", "3"},
		{`{"ask":[{"id":5}],"\u0062id":{"id":6}}`, "", ""},
		{`{"x":{"ask":{"id":7}}}`, "", ""},
	} {
		if err := o.Parse([]byte(c.text), inner); err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		for i, want := range []string{c.ask, c.bid} {
			got := ""
			if inner[i].Found {
				got = string(inner[i].Object.Value("id"))
			}
			if got != want {
				t.Errorf("%s: got id %q in %s, want %q", c.text, got, inner[i].Key, want)
			}
		}
	}
}

func TestMembers_ValuesAreAsWritten(t *testing.T) {
	const text = "{ \"a\\u0062\" :\t1.50E+00 , \"c\":[ 1 , \"x ]\",{ } ] , \"d\" : true }"
	var o scan.Object
	if err := o.Parse([]byte(text), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"ab", "1.50E+00", "c", `[ 1 , "x ]",{ } ]`, "d", "true"}
	var parsed, walked []string
	for i := range o {
		parsed = append(parsed, string(o[i].Name), string(o[i].Value()))
	}
	for name, value := range scan.Members([]byte(text)) {
		walked = append(walked, string(name), string(value))
	}
	if !slices.Equal(parsed, want) || !slices.Equal(walked, want) {
		t.Errorf("got members %q by Parse and %q by Members, want %q", parsed, walked, want)
	}
	var elements []string
	for e := range scan.Elements(o.Value("c")) {
		elements = append(elements, string(e))
	}
	if want := []string{"1", `"x ]"`, "{ }"}; !slices.Equal(elements, want) {
		t.Errorf("got elements %q, want %q", elements, want)
	}
	got := []byte("{")
	for i := range o {
		got = o[i].AppendTo(got)
	}
	got = append(scan.AppendKey(got, "e"), "2}"...)
	if want := `{"a\u0062":1.50E+00,"c":[1,"x ]",{}],"d":true,"e":2}`; string(got) != want {
		t.Errorf("appended: got %s, want %s", got, want)
	}
}

func TestMembers_EndAtTheFirstFault(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "[]": 0, "{": 0, "{}": 0, `{"a":1}`: 1, `{"a":1,"b":}`: 1, `{"a":1,"b":2} x`: 2, `{"a":` + arrays(scan.MaxDepth) + "}": 0,
	} {
		got := 0
		for range scan.Members([]byte(text)) {
			got++
		}
		if got != want {
			t.Errorf("%s: got %d members, want %d", text, got, want)
		}
	}
}

func TestText_DecodesStrings(t *testing.T) {
	for _, c := range []struct {
		value, text string
		isString    bool
	}{
		{"12", "12", false},
		{"true", "true", false},
		{`"a b"`, "a b", true},
		{`"\"\\\/\b\f\n\r\t\u00e9"`, "\"\\/\b\f\n\r\té", true},
		{`"\ud83d\ude00"`, "😀", true},
		{`"a\ud800"`, "a\ufffd", false},
	} {
		text, ok := scan.String([]byte(c.value))
		if ok != c.isString || ok && string(text) != c.text {
			t.Errorf("String(%s): got %q, %t; want %q, %t", c.value, text, ok, c.text, c.isString)
		}
		if got := scan.Text([]byte(c.value)); string(got) != c.text {
			t.Errorf("Text(%s): got %q, want %q", c.value, got, c.text)
		}
	}
}

func TestParse_AllocatesNothing(t *testing.T) {
	text := []byte(`{"id":1,"price":"3500.0","ask":{"id":2,"trades":[{"id":3}]},"market":"btcusd"}`)
	inner := []scan.Inner{{Key: `"ask"`}}
	var o, element scan.Object
	n := testing.AllocsPerRun(100, func() {
		_ = o.Parse(text, inner)
		for e := range scan.Elements(inner[0].Object.Value("trades")) {
			_ = element.Parse(e, nil)
		}
		for range scan.Members(text) {
		}
	})
	if n > 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// FuzzParse compares with encoding/json: the same texts are valid, and the members are
// the same.
func FuzzParse(f *testing.F) {
	for _, value := range []string{"null", "true", "false", "0", "-0.5e+7", "01", `""`, `"\u00e9\ud83d\ude00"`, `"\x"`, "[]", "[1,]", "{}", `{"a":{}}`, "\t1 ", arrays(31), arrays(32)} {
		f.Add([]byte(value))
		f.Add(fmt.Appendf(nil, `{"a":%s,"b" : %[1]s}`, value))
		f.Add(fmt.Appendf(nil, `{"a":%s,"\u0061":%[1]s}`, value))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return
		}
		var o scan.Object
		err := o.Parse(text, nil)
		if errors.Is(err, scan.ErrDepth) {
			return
		}
		if got, want := !errors.Is(err, scan.ErrSyntax), json.Valid(text); got != want {
			t.Fatalf("%q: got valid %t, want %t", text, got, want)
		}
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if len(o) != len(want) {
			t.Fatalf("%q: got %d members, want %d", text, len(o), len(want))
		}
		for i := range o {
			if got := o[i].Value(); string(got) != string(want[string(o[i].Name)]) {
				t.Errorf("%q: got %q for %q, want %q", text, got, o[i].Name, want[string(o[i].Name)])
			}
		}
	})
}
