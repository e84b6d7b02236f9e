package params_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/sandbox/params"
)

const (
	asJSON = "application/json; charset=utf-8"
	asForm = "application/x-www-form-urlencoded"
)

func request(tb testing.TB, query, contentType string, body io.Reader) *http.Request {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodPost, "/", body)
	r.URL.RawQuery = query
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestRead_ReadsQueryFormAndJSON(t *testing.T) {
	for _, test := range []struct {
		name, query, contentType, body string
		want                           params.Params
	}{
		{"nothing", "", "", "", params.Params{}},
		{"nothing, though a kind is named", "", asJSON, "", params.Params{}},
		{"an empty object", "", asJSON, " { } ", params.Params{}},
		{
			"each JSON kind", "", asJSON,
			`{"s":"a\u0062 \"c\"","e":"","n":0.10,"big":123456789012345678901234567890,"x":1e2,"neg":-0,"t":true,"f":false,"z":null,"a":[1, 2],"o":{"n":null}}`,
			params.Params{
				"s": {params.String, `ab "c"`}, "e": {params.String, ""},
				"n": {params.Number, "0.10"}, "big": {params.Number, "123456789012345678901234567890"},
				"x": {params.Number, "1e2"}, "neg": {params.Number, "-0"},
				"t": {params.Bool, "true"}, "f": {params.Bool, "false"}, "z": {params.Null, ""},
				"a": {params.Array, "[1, 2]"}, "o": {params.Object, `{"n":null}`},
			},
		},
		{
			"a form", "", asForm, "market=btcusd&price=0.10&empty=&bare&plus=1+2&pct=%C3%A9",
			params.Params{
				"market": {params.String, "btcusd"}, "price": {params.String, "0.10"}, "empty": {params.String, ""},
				"bare": {params.String, ""}, "plus": {params.String, "1 2"}, "pct": {params.String, "é"},
			},
		},
		{"JSON that says it is a form", "", asForm, " {\"a\":1}", params.Params{"a": {params.Number, "1"}}},
		{
			"a query and a body", "market=btcusd", asJSON, `{"limit":5}`,
			params.Params{"market": {params.String, "btcusd"}, "limit": {params.Number, "5"}},
		},
		{
			"names are as they are written", "Market=a&market=b", "", "",
			params.Params{"Market": {params.String, "a"}, "market": {params.String, "b"}},
		},
		{
			"the longest body", "", asForm, "a=" + strings.Repeat("x", params.MaxBody-2),
			params.Params{"a": {params.String, strings.Repeat("x", params.MaxBody-2)}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := params.Read(request(t, test.query, test.contentType, strings.NewReader(test.body)))
			same(t, got, err, test.want)
		})
	}
}

// same requires these parameters.
func same(t *testing.T, got params.Params, err error, want params.Params) {
	t.Helper()
	if err != nil {
		t.Fatalf("error: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRead_RefusesMalformedRequests(t *testing.T) {
	const notJSON = "body is not a JSON object"
	for _, test := range []struct {
		name, query, contentType, body string
		status                         int
		want                           string
	}{
		{"no JSON", "", asJSON, "market=btcusd", 400, notJSON},
		{"half an object", "", asJSON, `{"a":1`, 400, notJSON},
		{"something behind it", "", asJSON, `{"a":1}x`, 400, notJSON},
		{"two objects", "", asJSON, `{}{}`, 400, notJSON},
		{"a comma too many", "", asJSON, `{"a":1,}`, 400, notJSON},
		{"only white space", "", asJSON, "\n", 400, notJSON},
		{"an array", "", asJSON, `[{"a":1}]`, 400, notJSON},
		{"a string", "", asJSON, `"a"`, 400, notJSON},
		{"a number", "", asJSON, `5`, 400, notJSON},
		{"true", "", asJSON, `true`, 400, notJSON},
		{"null", "", asJSON, `null`, 400, notJSON},
		{"too deep", "", asJSON, strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001), 400, notJSON},
		{"JSON that is not UTF-8", "", asJSON, "{\"a\":\"\xff\"}", 400, notJSON},
		{"a name twice", "", asJSON, `{"a":1,"\u0061":2}`, 400, "a is given more than once"},
		{"a name twice, once null", "", asJSON, `{"a":null,"a":2}`, 400, "a is given more than once"},
		{"a name twice in a form", "", asForm, "b=1&a=1&a=2", 400, "a is given more than once"},
		{"a name twice in the query", "a=1&a=1", "", "", 400, "a is given more than once"},
		{"a name in query and body", "a=1", asJSON, `{"a":1}`, 400, "a is given more than once"},
		{"two names twice", "b=1&b=1&a=1&a=1", "", "", 400, "a is given more than once"},
		{"a value that is not UTF-8", "a=%ff", "", "", 400, "a is not UTF-8"},
		{"a name that is not UTF-8", "", asForm, "%ff=a", 400, "body has a name that is not UTF-8"},
		{"a bad query", "a=%zz", "", "", 400, "query is not a form: names and values are joined by = and &, and escaped by %"},
		{"a bad form", "", asForm, "a=%", 400, "body is not a form: names and values are joined by = and &, and escaped by %"},
		{"too long", "", asJSON, strings.Repeat(" ", params.MaxBody+1), 413, "body is longer than 65536 bytes"},
		{"half an object that says it is a form", "", asForm, `{"a":1`, 400, notJSON},
		{"no type", "", "", `{}`, 415, "body needs the header Content-Type: application/json, or application/x-www-form-urlencoded"},
		{"another type", "", "multipart/form-data", `{}`, 415, "body needs the header Content-Type: application/json, or application/x-www-form-urlencoded"},
		{"a type that is none", "", ";;", `{}`, 415, "body needs the header Content-Type: application/json, or application/x-www-form-urlencoded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := params.Read(request(t, test.query, test.contentType, strings.NewReader(test.body)))
			refused(t, err, test.status, test.want)
			if got != nil {
				t.Errorf("got parameters %v with the error", got)
			}
		})
	}
}

// refused requires an *Error with this status and text.
func refused(t *testing.T, err error, status int, want string) {
	t.Helper()
	refusal, ok := errors.AsType[*params.Error](err)
	if !ok {
		t.Fatalf("got error %v, want an *Error", err)
	}
	if refusal.Status != status || refusal.Error() != want {
		t.Errorf("got %d %q, want %d %q", refusal.Status, refusal.Error(), status, want)
	}
}

func TestRead_RefusesUnreadableBody(t *testing.T) {
	body := io.MultiReader(strings.NewReader(`{"a":1}`), iotest.ErrReader(io.ErrUnexpectedEOF))
	_, err := params.Read(request(t, "", asJSON, body))
	refused(t, err, 400, "body could not be read to its end")
}

func TestText_RefusesOtherKinds(t *testing.T) {
	p, err := params.Read(request(t, "", asJSON, strings.NewReader(`{"s":"x","n":0.10,"t":true,"z":null,"a":[],"o":{}}`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		too  []params.Kind
		want string
	}{
		{"s", nil, "x"},
		{"s", []params.Kind{params.Number}, "x"},
		{"n", []params.Kind{params.Number}, "0.10"},
		{"t", []params.Kind{params.Number, params.Bool}, "true"},
		{"a", []params.Kind{params.Array}, "[]"},
		{"z", nil, ""},
		{"missing", nil, ""},
	} {
		if got, err := p.Text(test.name, test.too...); got != test.want || err != nil {
			t.Errorf("Text(%q, %v) = %q, %v, want %q", test.name, test.too, got, err, test.want)
		}
	}
	for _, test := range []struct {
		name string
		too  []params.Kind
		want string
	}{
		{"n", nil, "n is a number: that is the wrong kind of value"},
		{"n", []params.Kind{params.Bool}, "n is a number: that is the wrong kind of value"},
		{"t", []params.Kind{params.Number}, "t is true or false: that is the wrong kind of value"},
		{"a", nil, "a is an array: that is the wrong kind of value"},
		{"o", []params.Kind{params.Array}, "o is an object: that is the wrong kind of value"},
	} {
		got, err := p.Text(test.name, test.too...)
		refused(t, err, 422, test.want)
		if got != "" {
			t.Errorf("Text(%q) = %q with the error", test.name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, body := range []string{
		"", "{}", "null", "[]", `""`, "0", "{", `{"a"`, `{"a":`, `{"a":1}`, `{"a":0.10,"b":"\u0000","c":[{}],"d":{"e":1},"f":null,"g":true}`,
		`{"a":1,"a":2}`, `{"\ud800":1}`, "{\"a\":\"\xff\"}", "a=1&b=2", "a=%zz", "a=1;b=2", "%ff=%ff", "&&=&",
	} {
		f.Add("", asJSON, body)
		f.Add("", asForm, body)
		f.Add(body, "", body)
	}
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		p, err := params.Read(request(t, query, contentType, strings.NewReader(body)))
		lenient, lenientErr := params.ReadLenient(request(t, query, contentType, strings.NewReader(body)))
		checkLenient(t, lenient, lenientErr)
		if err != nil {
			refusal, ok := errors.AsType[*params.Error](err)
			if !ok || refusal.Status < 400 || refusal.Status > 499 || refusal.Text == "" || !utf8.ValidString(refusal.Field) {
				t.Fatalf("got error %#v", err)
			}
			return
		}
		same(t, lenient, lenientErr, p)
		for name, value := range p {
			if value.Kind != params.String && !strings.Contains(body, value.Text) {
				t.Errorf("%q: got %q, want the text in %q", name, value.Text, body)
			}
		}
	})
}
