package protocol_test

import (
	"net/url"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/hub/hubtest"
	"ranger/internal/hub/internal/protocol"
)

// options are Options in a form to compare, with lists without duplicates and sorted.
type options struct {
	Resume          bool
	After           string
	Markets, Events []string
}

func show(o protocol.Options) *options {
	shown := options{Resume: o.Resume, Markets: o.Filter.Markets()}
	if o.After != nil {
		shown.After = o.After.String()
	}
	for _, kind := range []event.Kind{event.Order, event.Trade} {
		if o.Filter.Kinds()&(1<<kind) != 0 {
			shown.Events = append(shown.Events, kind.String())
		}
	}
	return &shown
}

func TestParseQuery_AcceptsOnlyValidOptions(t *testing.T) {
	none := options{}
	on := options{Resume: true}
	for query, want := range map[string]*options{
		"":                                       &none,
		"resume":                                 &none,
		"resume=":                                &none,
		"resume=false":                           &none,
		"resume=null":                            &none,
		"resume=true":                            &on,
		"x=1&resume=true&y":                      &on,
		"resume=%74rue":                          &on,
		"%72esume=true":                          &on,
		"resume=1&resume=true":                   &on,
		"resume=%zz&resume=true":                 &on,
		"resume=41.9f3c2a11":                     {Resume: true, After: "41.9f3c2a11"},
		"resume=41%2e9f3c2a11":                   {Resume: true, After: "41.9f3c2a11"},
		"resume=0.00000000":                      {Resume: true, After: "0.00000000"},
		"resume=true&resume=":                    &none,
		"Resume=true":                            &none,
		"%zz=1&=&&;=%":                           &none,
		"markets=btcusd,ethusd":                  {Markets: []string{"btcusd", "ethusd"}},
		"markets=b%2Ca,a":                        {Markets: []string{"a", "b"}},
		"markets=a&markets=b":                    {Markets: []string{"b"}},
		"markets=null":                           {Markets: []string{"null"}},
		"markets=a+b":                            {Markets: []string{"a b"}},
		"events=trade":                           {Events: []string{"trade"}},
		"events=trade,orderbook,trade":           {Events: []string{"orderbook", "trade"}},
		"resume=true&markets=a&events=orderbook": {Resume: true, Markets: []string{"a"}, Events: []string{"orderbook"}},

		"resume=1": nil, "resume=%zz": nil, "resume=true&resume=1": nil, "resume=true;resume=true": nil, "resume=%22true%22": nil,
		"markets": nil, "markets=": nil, "markets=,": nil, "markets=a,,b": nil, "markets=%": nil,
		"events": nil, "events=": nil, "events=null": nil, "events=gap": nil, "events=trade,": nil, "events=trade+": nil,
	} {
		got, err := protocol.ParseQuery(query)
		if (err == nil) != (want != nil) {
			t.Errorf("ParseQuery(%q): %v, want an error: %v", query, err, want == nil)
		} else if diff := cmp.Diff(want, show(got)); err == nil && diff != "" {
			t.Errorf("ParseQuery(%q) (-want +got):\n%s", query, diff)
		}
	}
	for _, p := range hubtest.BadPositions()[1:] {
		if got, err := protocol.ParseQuery("resume=" + url.QueryEscape(p)); err == nil {
			t.Errorf("ParseQuery(resume=%q) = %+v, want an error", p, got)
		}
	}
}

// A filter does not keep the URL in memory that its names are parts of.
func TestFilter_KeepsOnlyTheNames(t *testing.T) {
	query := "x=" + strings.Repeat("x", 1000) + "&markets=btcusd"
	got, err := protocol.ParseQuery(query)
	markets := got.Filter.Markets()
	if err != nil || len(markets) != 1 || markets[0] != "btcusd" {
		t.Fatalf("ParseQuery = %+v, %v; want one market", got, err)
	}
	address := func(s string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(s))) }
	if at := address(markets[0]) - address(query); at < uintptr(len(query)) {
		t.Errorf("the name is the query's bytes from %d on, want a copy", at)
	}
}
