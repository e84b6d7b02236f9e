package params

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxBody is the longest accepted body in bytes.
const MaxBody = 64 << 10

const (
	mediaJSON = "application/json"
	mediaForm = "application/x-www-form-urlencoded"
)

// reader reads the parameters of one request.
type reader struct {
	given   Params
	lenient bool
}

func (rd *reader) read(r *http.Request) (Params, error) {
	if err := rd.addForm("query", BadQuery, r.URL.RawQuery); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		return nil, &Error{http.StatusBadRequest, UnreadableBody, "body", "could not be read to its end"}
	case len(body) > MaxBody:
		return nil, &Error{http.StatusRequestEntityTooLarge, BodyTooLarge, "body", fmt.Sprintf("is longer than %d bytes", MaxBody)}
	case len(body) == 0:
		return rd.given, nil
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media == mediaForm && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		media = mediaJSON
	}
	switch media {
	case mediaJSON:
		err = rd.addJSON(body)
	case mediaForm:
		err = rd.addForm("body", BadForm, string(body))
	default:
		err = &Error{
			http.StatusUnsupportedMediaType, UnsupportedType, "body",
			"needs the header Content-Type: " + mediaJSON + ", or " + mediaForm,
		}
	}
	if err != nil {
		return nil, err
	}
	return rd.given, nil
}

// addForm adds the parameters of a query, or of a body in the same form.
func (rd *reader) addForm(location string, bad Code, text string) error {
	form, err := url.ParseQuery(text)
	if err != nil {
		return &Error{http.StatusBadRequest, bad, location, "is not a form: names and values are joined by = and &, and escaped by %"}
	}
	for _, name := range slices.Sorted(maps.Keys(form)) { // so that of two errors always the same is reported
		for _, text := range form[name] {
			if err := rd.add(location, name, Value{String, text}); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds one parameter. location is "body" or "query".
func (rd *reader) add(location, name string, value Value) error {
	_, twice := rd.given[name]
	switch {
	case rd.lenient:
		name, value.Text = strings.ToValidUTF8(name, "\uFFFD"), strings.ToValidUTF8(value.Text, "\uFFFD")
	case !utf8.ValidString(name):
		return &Error{http.StatusBadRequest, BadParameter, location, "has a name that is not UTF-8"}
	case !utf8.ValidString(value.Text):
		return &Error{http.StatusBadRequest, BadParameter, name, "is not UTF-8"}
	case twice:
		return &Error{http.StatusBadRequest, BadParameter, name, "is given more than once"}
	}
	rd.given[name] = value
	return nil
}
