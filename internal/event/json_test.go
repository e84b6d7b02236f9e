package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"ranger/internal/event"
)

func TestDecode_AcceptsOnlyJSONObjects(t *testing.T) {
	owner := headers{"member_uid": "ID"}
	for _, tt := range []struct {
		name, body string
		want       event.Reason
	}{
		{"empty", "", event.NotJSON},
		{"only white space", " \t\r\n", event.NotJSON},
		{"white space around", " \t\r\n{} \t\r\n", ""},
		{"vertical tab around", "\v{}", event.NotJSON},
		{"no-break space around", "\u00a0{}", event.NotJSON},
		{"BOM", "\ufeff{}", event.NotJSON},
		{"NUL before", "\x00{}", event.NotJSON},
		{"NUL after", "{}\x00", event.NotJSON},
		{"NUL in a string", "{\"a\":\"\x00\"}", event.NotJSON},
		{"NUL between", "{\"a\":\x001}", event.NotJSON},
		{"escaped NUL", `{"a":"\u0000"}`, ""},
		{"DEL in a string", "{\"a\":\"\x7f\"}", ""},
		{"tab in a string", "{\"a\":\"\t\"}", event.NotJSON},
		{"line separator in a string", "{\"a\":\"\u2028\"}", ""},
		{"surrogate as bytes", "{\"a\":\"\xed\xa0\x80\"}", event.NotUTF8},
		{"surrogate pair as bytes", "{\"a\":\"\xed\xa0\xbd\xed\xb8\x80\"}", event.NotUTF8},
		{"overlong slash", "{\"a\":\"\xc0\xaf\"}", event.NotUTF8},
		{"overlong NUL", "{\"a\":\"\xc0\x80\"}", event.NotUTF8},
		{"overlong quote outside a string", "{\xc0\xa2a\":1}", event.NotUTF8},
		{"beyond Unicode", "{\"a\":\"\xf4\x90\x80\x80\"}", event.NotUTF8},
		{"cut character", "{\"a\":\"\xe2\x82\"}", event.NotUTF8},
		{"UTF-16", "\xff\xfe{\x00}\x00", event.NotUTF8},
		{"Latin-1 in a key", "{\"\xe9\":1}", event.NotUTF8},
		{"lone surrogate escaped", `{"a":"\ud800"}`, ""},
		{"surrogates the wrong way round", `{"a":"\udc00\ud800"}`, ""},
		{"surrogate pair escaped", `{"a":"\ud83d\ude00"}`, ""},
		{"escape cut", `{"a":"\u12"}`, event.NotJSON},
		{"escape cut by the end", `{"a":"\u12`, event.NotJSON},
		{"escape cut after the backslash", `{"a":"\`, event.NotJSON},
		{"escape not hex", `{"a":"\u00g0"}`, event.NotJSON},
		{"escape of upper U", `{"a":"\U0041"}`, event.NotJSON},
		{"unknown escape", `{"a":"\x41"}`, event.NotJSON},
		{"escaped apostrophe", `{"a":"\'"}`, event.NotJSON},
		{"every escape", `{"a":"\"\\\/\b\f\n\r\t\u00e9\u00E9"}`, ""},
		{"escaped quote at the end", `{"a":"\"`, event.NotJSON},
		{"apostrophes", `{'a':1}`, event.NotJSON},
		{"bare key", `{a:1}`, event.NotJSON},
		{"number as key", `{1:1}`, event.NotJSON},
		{"null as key", `{null:1}`, event.NotJSON},
		{"no value", `{"a"}`, event.NotJSON},
		{"no colon", `{"a" 1}`, event.NotJSON},
		{"two colons", `{"a"::1}`, event.NotJSON},
		{"no comma", `{"a":1 "b":2}`, event.NotJSON},
		{"trailing comma", `{"a":1,}`, event.NotJSON},
		{"leading comma", `{,"a":1}`, event.NotJSON},
		{"two commas", `{"a":1,,"b":2}`, event.NotJSON},
		{"trailing comma in an array", `{"a":[1,]}`, event.NotJSON},
		{"leading comma in an array", `{"a":[,1]}`, event.NotJSON},
		{"colon in an array", `{"a":["b":1]}`, event.NotJSON},
		{"brackets crossed", `{"a":[1}]`, event.NotJSON},
		{"brackets crossed back", `{"a":{"b":1]}`, event.NotJSON},
		{"object not closed", `{"a":1`, event.NotJSON},
		{"array not closed", `{"a":[1`, event.NotJSON},
		{"string not closed", `{"a":"b`, event.NotJSON},
		{"one bracket too many", `{}}`, event.NotJSON},
		{"two texts", `{}{}`, event.NotJSON},
		{"text after", `{} null`, event.NotJSON},
		{"comment", `{/**/}`, event.NotJSON},
		{"line comment", "{}//", event.NotJSON},
		{"literal cut", `{"a":nul}`, event.NotJSON},
		{"literal cut by the end", `{"a":tru`, event.NotJSON},
		{"literal too long", `{"a":nulll}`, event.NotJSON},
		{"literal in capitals", `{"a":True}`, event.NotJSON},
		{"NaN", `{"a":NaN}`, event.NotJSON},
		{"Infinity", `{"a":-Infinity}`, event.NotJSON},
		{"undefined", `{"a":undefined}`, event.NotJSON},
		{"null", `null`, event.NotObject},
		{"true", ` true `, event.NotObject},
		{"string", `"{}"`, event.NotObject},
		{"number", `-1.5e3`, event.NotObject},
		{"array", `[{}]`, event.NotObject},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want != "" {
				wantBad(t, event.Order, owner, tt.body, tt.want)
				wantBad(t, event.Trade, owner, tt.body, tt.want)
				return
			}
			if got := decode(t, event.Order, owner, tt.body); len(got.Events) != 1 {
				t.Errorf("%q: got %v, want one event", tt.body, got.Undelivered)
			}
		})
	}
}

// TestNumbers: a number keeps every byte. It names I6.
func TestNumbers(t *testing.T) {
	for _, n := range []string{
		"0", "-0", "0.10", "-0.0", "12345678901234567890", "1E400", "1e-7", "1e+07", "-1.50E-00",
		"9007199254740993", strings.Repeat("9", 1000), "0." + strings.Repeat("0", 1000) + "1",
	} {
		t.Run("valid "+n[:min(len(n), 20)], func(t *testing.T) {
			wantOrder(t, `{"a":`+n+`}`, `{"a":`+n+`}`)
			wantOrder(t, `{"a":[`+n+` , `+n+`]}`, `{"a":[`+n+`,`+n+`]}`)
			wantOrder(t, `{"trades":[{"price": `+n+` }]}`, `{"trades":[{"price":`+n+`}]}`)
		})
	}
	for _, n := range []string{
		"", "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e5", "1e", "1e+", "1E-", "1e1.5", "1 2",
		"0x10", "1_000", "1,5", "--1", "1-", "0b1", "1f", "\u0661",
	} {
		t.Run("invalid "+n, func(t *testing.T) {
			wantBad(t, event.Order, headers{"member_uid": "ID"}, `{"a":`+n+`}`, event.NotJSON)
			wantBad(t, event.Order, headers{"member_uid": "ID"}, n, event.NotJSON)
		})
	}
}

func TestDecode_RefusesDepthAbove32(t *testing.T) {
	owner := headers{"member_uid": "ID"}
	objects := func(depth int) string {
		return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
	}
	for _, tt := range []struct {
		name, body string
		want       event.Reason
	}{
		{"31 arrays in the object", `{"a":` + nested(31) + `}`, ""},
		{"32 arrays in the object", `{"a":` + nested(32) + `}`, event.TooDeep},
		{"32 objects", objects(32), ""},
		{"33 objects", objects(33), event.TooDeep},
		{"32 arrays", nested(32), event.NotObject},
		{"33 arrays", nested(33), event.TooDeep},
		{"32, then 32 again", `{"a":` + nested(31) + `,"b":` + nested(31) + `}`, ""},
		{"many side by side", `{"a":[` + strings.Repeat("[[]],", 1000) + `[]]}`, ""},
		{"brackets in a string", `{"a":"` + nested(100) + `"}`, ""},
		{"33 never closed", strings.Repeat("[", 33), event.TooDeep},
		{"32 never closed", strings.Repeat("[", 32), event.NotJSON},
		{"hundred thousand never closed", strings.Repeat("[", 100_000), event.TooDeep},
		{"hundred thousand objects never closed", strings.Repeat(`{"":`, 60_000), event.TooDeep},
		{"32 in a field that a trade leaves out", `{"ask":{"trades":[{"a":` + nested(28) + `}]}}`, ""},
		{"33 in a field that a trade leaves out", `{"ask":{"trades":[{"a":` + nested(29) + `}]}}`, event.TooDeep},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want != "" {
				wantBad(t, event.Order, owner, tt.body, tt.want)
				wantBad(t, event.Trade, owner, tt.body, tt.want)
				return
			}
			wantOrder(t, tt.body, tt.body)
			decode(t, event.Trade, headers{"ask_member_uid": "ID"}, tt.body)
		})
	}
}

func TestDecode_RefusesDuplicateKeys(t *testing.T) {
	long := strings.Repeat("k", 5000)
	many := func(n int, last string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range n {
			fmt.Fprintf(&b, `"k%d":%d,`, i, i)
		}
		return b.String() + `"` + last + `":1}`
	}
	for _, tt := range []struct {
		name, object string
		repeats      bool
	}{
		{"one key twice", `{"a":1,"b":2,"a":1}`, true},
		{"empty key twice", `{"":1,"":1}`, true},
		{"case differs", `{"a":1,"A":1}`, false},
		{"escape", `{"a":1,"\u0061":1}`, true},
		{"escapes in two cases", `{"\u00e9":1,"\u00E9":1}`, true},
		{"escape and character", `{"é":1,"\u00e9":1}`, true},
		{"composed and decomposed", `{"é":1,"e` + "\u0301" + `":1}`, false},
		{"surrogate pair and character", `{"😀":1,"\ud83d\ude00":1}`, true},
		{"surrogate pair in capitals", `{"\ud83d\ude00":1,"\uD83D\uDE00":1}`, true},
		{"another surrogate pair", `{"\ud83d\ude00":1,"\ud83d\ude01":1}`, false},
		{"unpaired surrogates read alike", `{"\ud800":1,"\udfff":1}`, true},
		{"unpaired surrogate reads as U+FFFD", `{"\ud800":1,"` + "\ufffd" + `":1}`, true},
		{"two high and a low", `{"\ud800\ud83d\ude00":1,"` + "\ufffd" + `😀":1}`, true},
		{"unpaired surrogate and letters", `{"\ud800a":1,"\ud800b":1}`, false},
		{"high before another escape", `{"\ud800\u0061":1,"\ud800a":1}`, true},
		{"high before a short escape", `{"\ud800\n":1,"` + "\ufffd" + `\u000a":1}`, true},
		{"slash", `{"/":1,"\/":1}`, true},
		{"backslash", `{"\\":1,"\u005c":1}`, true},
		{"backslash and letter", `{"\\u0061":1,"a":1}`, false},
		{"quote", `{"\"":1,"\u0022":1}`, true},
		{"short escapes", `{"\b\f\n\r\t":1,"\u0008\u000c\u000a\u000d\u0009":1}`, true},
		{"NUL", `{"a":1,"a\u0000":1}`, false},
		{"long", `{"` + long + `":1,"` + long + `":1}`, true},
		{"long, the last byte differs", `{"` + long + `a":1,"` + long + `b":1}`, false},
		{"many", many(23, "x"), false},
		{"many, the last again", many(23, "k0"), true},
		{"very many", many(3000, "x"), false},
		{"very many, the last again", many(3000, "k2999"), true},
		{"very many, the last escaped again", many(3000, `\u006b42`), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			owner := headers{"member_uid": "IDOWNER", "ask_member_uid": "IDOWNER"}
			if tt.repeats {
				wantBad(t, event.Order, owner, tt.object, event.DuplicateKey)
				wantBad(t, event.Order, owner, `{"trades":[{},`+tt.object+`]}`, event.DuplicateKey)
				for _, body := range []string{
					tt.object, `{"ask":` + tt.object + `}`, `{"bid":` + tt.object + `}`,
					`{"ask":{"trades":[` + tt.object + `]}}`, `{"bid":{"trades":[` + tt.object + `]}}`,
				} {
					wantBad(t, event.Trade, owner, body, event.DuplicateKey)
				}
			} else {
				wantOrder(t, tt.object, tt.object)
				wantOrder(t, `{"trades":[`+tt.object+`]}`, `{"trades":[{}]}`)
			}
			// Deeper in the text duplicates are not searched for.
			wantOrder(t, `{"x":`+tt.object+`}`, `{"x":`+tt.object+`}`)
			if got := decode(t, event.Trade, owner, `{"x":`+tt.object+`,"trades":`+tt.object+`}`); len(got.Events) != 1 {
				t.Errorf("trade with the object in other fields: got %v, want one event", got.Undelivered)
			}
			if !json.Valid([]byte(tt.object)) {
				t.Error("the test case is not JSON")
			}
		})
	}
}

// Each byte that ends a string or is invalid in one is recognized at every offset, and no
// other byte is.
func TestDecode_FindsTheEndOfStringsAtEveryOffset(t *testing.T) {
	owner := event.Table{"member_uid": "ID"}
	dec := event.NewDecoder(maxBody, nil)
	for before := range 17 {
		for _, around := range []string{"~", "ÿ"} {
			for c := range rune(0x80) {
				body := fmt.Appendf(nil, `{"a":"%s%c%s"}`, strings.Repeat(around, before), c, strings.Repeat(around, 16-before))
				got := dec.Decode(event.Order, owner, body)
				if json.Valid(body) != (len(got.Events) == 1) {
					t.Fatalf("%q: got %d events and %v, valid JSON: %t", body, len(got.Events), got.Undelivered, json.Valid(body))
				}
			}
		}
	}
}
