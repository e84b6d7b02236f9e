package brokerurl_test

import (
	"slices"
	"strings"
	"testing"

	"ranger/internal/amqp/brokerurl"
)

func TestSplit_SeparatesAtCommasBeforeASchemeOnly(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]string{
		"":                            {""},
		"amqp://a":                    {"amqp://a"},
		"amqp://a,amqps://b/v":        {"amqp://a", "amqps://b/v"},
		"amqp://a/ , amqp://b:1/":     {"amqp://a/", "amqp://b:1/"},
		"amqp://a,\namqp://b":         {"amqp://a", "amqp://b"},
		"amqp://u:p,w@a,amqp://u:p@b": {"amqp://u:p,w@a", "amqp://u:p@b"},
		"amqp://a,b":                  {"amqp://a,b"},
		"amqp://a,":                   {"amqp://a,"},
		",amqp://a":                   {"", "amqp://a"},
	} {
		if got := brokerurl.Split(list); !slices.Equal(got, want) {
			t.Errorf("Split(%q) = %q, want %q", list, got, want)
		}
	}
}

func TestSplit_UndoesJoin(t *testing.T) {
	t.Parallel()
	urls := []string{"amqp://u:p,w@a:1/v", "amqps://b", "amqp://[::1]:5672/"}
	if got := brokerurl.Split(brokerurl.Join(urls)); !slices.Equal(got, urls) {
		t.Errorf("got %q, want %q", got, urls)
	}
}

func TestCheck_AcceptsLists(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"amqp://localhost", "amqps://u:p%2Fw@h:5671/v?cacertfile=/x", "amqp://[::1]:5672/",
		"amqp://a,amqp://b:5673", "amqp://a/,amqp://b/%2F,amqp://c", "amqp://a/v,amqps://u:p@b/v",
		"amqp://u:p,w@a,amqp://b", "amqp://a/with%2Ccomma",
	} {
		if err := brokerurl.Check(list); err != nil {
			t.Errorf("Check(%q): got error %v, want none", list, err)
		}
	}
}

// The error says what the value must be, without the password.
func TestCheck_RefusesWithoutThePassword(t *testing.T) {
	t.Parallel()
	const form, vhost = "must be like amqp://", "must name the same virtual host"
	for list, want := range map[string]string{
		"":                                    form,
		"localhost":                           form,
		"http://u:secret@h":                   form,
		"amqp://":                             form,
		"amqp://u:secret@:5672":               form,
		"amqp://u:secret@h:99999":             form,
		"amqp://u:secret@h:0":                 form,
		"amqp://u:%zz@h":                      form,
		"amqp://u:secret@a,b":                 form,
		"amqp://u:secret@a,b:5672":            form,
		"amqp://u:secret@a,":                  form,
		"amqp://u:secret@a/,":                 form,
		"amqp://u:secret@a/v,b:5672/v":        form,
		",amqp://u:secret@a":                  form,
		"amqp://u:secret@a,amqp://":           form,
		"amqp://u:secret@a,amqp://b,http://c": form,
		"amqp://u:secret@a/v,amqp://b/w":      vhost,
		"amqp://u:secret@a/,amqp://b/w":       vhost,
	} {
		err := brokerurl.Check(list)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Check(%q) = %v, want an error that contains %q and not the password", list, err, want)
		}
	}
}

func TestHosts_NamesEachOnceWithoutCredentials(t *testing.T) {
	t.Parallel()
	got := brokerurl.Hosts("amqp://u:p@a,amqps://u:p@b/v,amqp://[::1]:1,amqp://x@a:5672/")
	if want := []string{"a:5672", "b:5671", "[::1]:1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
