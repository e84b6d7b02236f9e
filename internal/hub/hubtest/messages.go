// Package hubtest has what tests of the hub share.
package hubtest

import "strings"

// Messages returns client messages that have crashed servers, or might.
func Messages() []string {
	deep := strings.Repeat("[", 8000) + strings.Repeat("]", 8000)
	seeds := []string{
		"", "ping", "pong", "{}", "[]", "null", "true", "0", `""`, `"jwt"`, "{", "\x00", "\ufeff{}",
		`{"jwt":"Bearer alice"`, `{"jwt":"Bearer alice",}`, `{"jwt":"Bearer alice"}{}`, `{"JWT":"Bearer alice"}`,
		`{"jwt":"Bearer alice","jwt":null}`, `{"jwt":null,"jwt":"Bearer alice"}`, `{"jwt":{},"jwt":[],"jwt":1}`,
		`{"jwt":"Bearer alice bob"}`, `{"jwt":"Bearer\talice"}`, `{"jwt":"Bearer  alice "}`, `{"jwt":"bearer alice"}`,
		`{"jwt":"Bearer \ud800"}`, `{"jwt":"Bearer \udc00\ud800x"}`, `{"\ud800":1}`, `{"jwt":"Bearer \x"}`, `{"jwt":"Bearer \u12"}`,
		`{"jwt":"Bearer \u0000"}`, `{"jwt":"Bearer \u00a0x"}`, `{"jwt":"Bearer \u2003"}`, `{"jwt":"Bearer a\u0085b"}`, "{\"jwt\":\"Bearer \xff\"}",
		`{"streams":null}`, `{"event":"subscribe","streams":null}`, `{"event":null}`, `{"resume":{},"markets":1,"jwt":"Bearer a"}`,
		deep, `{"jwt":` + deep + `}`, `{"x":` + deep + `,"jwt":"Bearer alice"}`, strings.Repeat(`{"jwt":`, 2000),
		`{"jwt":"Bearer ` + strings.Repeat("a", 16<<10) + `"}`, strings.Repeat(" ", 16<<10),
	}
	for _, value := range []string{"null", "true", "false", "0", "-0", "1e999", "1.5", "41.12345678", `""`, `"true"`, `"41.9f3c2a11"`, `"btcusd,ethusd"`, `"trade"`, `","`, "[]", "[null]", `["trade"]`, `[["trade"]]`, "{}", `{"resume":true}`} {
		for _, key := range []string{"resume", "markets", "events"} {
			seeds = append(seeds, `{"jwt":"Bearer alice","`+key+`":`+value+`}`, `{"`+key+`":`+value+`,"jwt":"Bearer alice","`+key+`":null}`)
		}
	}
	for _, value := range []string{"null", "true", "false", "0", "-0", "1e999", "1.5", `""`, `" "`, `"Bearer"`, `"Bearer "`, "[]", "[null]", "{}", `{"jwt":"Bearer a"}`} {
		seeds = append(seeds, `{"jwt":`+value+`}`, `{"jwt":"Bearer alice","jwt":`+value+`}`)
	}
	return seeds
}

// BadPositions returns strings that are no position, some of which are nearly one. The
// first is empty.
func BadPositions() []string {
	return []string{
		"", " ", ".", "x", "41", "41.", ".9f3c2a11", "41.9f3c2a1", "41.9f3c2a111", "41.9F3C2A11", "41.9f3c2a1g",
		"41.0x9f3c2a", "-1.9f3c2a11", "+41.9f3c2a11", "041.9f3c2a11", "00.00000000", "4_1.9f3c2a11", "41,9f3c2a11", " 41.9f3c2a11",
		"41.9f3c2a11 ", "41 .9f3c2a11", "41.9f3c2a11.0", "41.9f3c2a11\n", "41.9f3c2a11\x00", "9007199254740992.9f3c2a11",
		"18446744073709551616.9f3c2a11", strings.Repeat("9", 400) + ".9f3c2a11", "4e1.9f3c2a11", "41.5.9f3c2a11", "٤١.9f3c2a11",
		"41.９f3c2a11", "True", "TRUE", "yes", "1", "0", "null,", "true ",
	}
}
