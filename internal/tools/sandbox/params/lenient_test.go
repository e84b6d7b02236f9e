package params_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"ranger/internal/tools/sandbox/params"
)

func TestReadLenient_LastValueCounts(t *testing.T) {
	for _, test := range []struct {
		name, query, contentType, body string
		want                           params.Params
	}{
		{"twice in the query", "a=1&a=2", "", "", params.Params{"a": {params.String, "2"}}},
		{"twice in a form", "", asForm, "a=2&b=3&a=1", params.Params{"a": {params.String, "1"}, "b": {params.String, "3"}}},
		{"twice in JSON", "", asJSON, `{"a":1,"\u0061":[2]}`, params.Params{"a": {params.Array, "[2]"}}},
		{"in query and form", "a=1&b=2", asForm, "a=3", params.Params{"a": {params.String, "3"}, "b": {params.String, "2"}}},
		{"in query and JSON", "a=1", asJSON, `{"a":3}`, params.Params{"a": {params.Number, "3"}}},
		{"null in the body", "a=1", asJSON, `{"a":null}`, params.Params{"a": {}}},
		{"a form that is not UTF-8", "%ff=1", asForm, "a=x%ff", params.Params{"\uFFFD": {params.String, "1"}, "a": {params.String, "x\uFFFD"}}},
		{
			"JSON that is not UTF-8", "", asJSON, "{\"\xff\":\"x\xff\",\"a\":[\"\xff\"]}",
			params.Params{"\uFFFD": {params.String, "x\uFFFD"}, "a": {params.Array, "[\"\uFFFD\"]"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := params.ReadLenient(request(t, test.query, test.contentType, strings.NewReader(test.body)))
			same(t, got, err, test.want)
		})
	}
}

func TestError_CodeNamesTheFault(t *testing.T) {
	for _, test := range []struct {
		query, contentType string
		body               io.Reader
		want               params.Code
	}{
		{"a=%zz", "", strings.NewReader(""), params.BadQuery},
		{"", asForm, strings.NewReader("a=%zz"), params.BadForm},
		{"", asJSON, strings.NewReader("a"), params.BadJSON},
		{"", "text/plain", strings.NewReader("a"), params.UnsupportedType},
		{"", asForm, strings.NewReader(strings.Repeat("a", params.MaxBody+1)), params.BodyTooLarge},
		{"", asForm, iotest.ErrReader(io.ErrUnexpectedEOF), params.UnreadableBody},
	} {
		got, err := params.ReadLenient(request(t, test.query, test.contentType, test.body))
		if refusal, ok := errors.AsType[*params.Error](err); !ok || refusal.Code != test.want || got != nil {
			t.Errorf("got %v, error %#v, want %s", got, err, test.want)
		}
	}
	for _, query := range []string{"a=1&a=1", "a=%ff", "%ff=a"} {
		_, err := params.Read(request(t, query, "", strings.NewReader("")))
		if refusal, ok := errors.AsType[*params.Error](err); !ok || refusal.Code != params.BadParameter {
			t.Errorf("%s: got error %#v, want %s", query, err, params.BadParameter)
		}
	}
}

// checkLenient requires that leniently read parameters are UTF-8, and that
// the error is about the whole query or body.
func checkLenient(t *testing.T, p params.Params, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*params.Error](err)
	if err != nil && (!ok || refusal.Code == params.BadParameter || refusal.Field != "body" && refusal.Field != "query") {
		t.Errorf("got error %#v", err)
	}
	for name, value := range p {
		if !utf8.ValidString(name) || !utf8.ValidString(value.Text) {
			t.Errorf("%q: %q is not UTF-8", name, value.Text)
		}
	}
}
