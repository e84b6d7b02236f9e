package frame_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/event"
)

func TestDelivery_HeaderReadsAllTypes(t *testing.T) {
	t.Parallel()
	other := event.Header{Kind: event.OtherHeader}
	text := event.Header{Kind: event.TextHeader, Text: []byte("xx")}
	for name, c := range map[string]struct {
		headers string
		table   event.Table // the same, as amqp091-go reads it; nil if it cannot
		want    event.Header
	}{
		"missing":             {"\x01bt\x01", event.Table{"b": true}, event.Header{}},
		"void":                {"\x01aV", event.Table{"a": nil}, event.Header{}},
		"text":                {"\x01aS\x00\x00\x00\x02xx", event.Table{"a": "xx"}, text},
		"int8":                {"\x01ab\xff", event.Table{"a": int8(-1)}, event.IntegerOf(-1)},
		"uint8":               {"\x01aB\xff", event.Table{"a": uint8(255)}, event.IntegerOf(255)},
		"int16":               {"\x01as\xff\xff", event.Table{"a": int16(-1)}, event.IntegerOf(-1)},
		"uint16":              {"\x01au\xff\xff", nil, event.IntegerOf(65535)},
		"int32":               {"\x01aI\xff\xff\xff\xff", event.Table{"a": int32(-1)}, event.IntegerOf(-1)},
		"uint32":              {"\x01ai\xff\xff\xff\xff", nil, event.IntegerOf(1<<32 - 1)},
		"int64":               {"\x01al\xff\xff\xff\xff\xff\xff\xff\xff", event.Table{"a": int64(-1)}, event.IntegerOf(-1)},
		"true":                {"\x01at\x01", event.Table{"a": true}, other},
		"after others":        {"\x01bV\x01cI\x00\x00\x00\x01\x01aS\x00\x00\x00\x02xx", event.Table{"b": nil, "c": int32(1), "a": "xx"}, text},
		"twice":               {"\x01aS\x00\x00\x00\x02xx\x01aS\x00\x00\x00\x02xx", nil, other},
		"before what is cut":  {"\x01aS\x00\x00\x00\x02xx\x01bS\x00\x00\x00\x09xx", nil, other},
		"the last of 256":     {frametest.TextEntries(255, 1) + "\x01aS\x00\x00\x00\x02xx", nil, text},
		"after 256 others":    {frametest.TextEntries(256, 1) + "\x01aS\x00\x00\x00\x02xx", nil, event.Header{}},
		"once more after 256": {"\x01aS\x00\x00\x00\x02xx" + frametest.TextEntries(255, 1) + "\x01aV", nil, text},
	} {
		d := frame.Delivery{Headers: []byte(c.headers)}
		if diff := cmp.Diff(c.want, d.Header("a")); diff != "" {
			t.Errorf("%s: header of %q (-want +got):\n%s", name, c.headers, diff)
		}
		if c.table == nil {
			continue
		}
		d = frame.Delivery{Table: c.table}
		if diff := cmp.Diff(c.want, d.Header("a")); diff != "" {
			t.Errorf("%s: header of %v (-want +got):\n%s", name, c.table, diff)
		}
	}
}

func TestDelivery_OffsetIsTheBrokers(t *testing.T) {
	t.Parallel()
	const none = 1 << 63
	for name, c := range map[string]struct {
		headers string
		table   event.Table
		want    uint64
	}{
		"no headers":         {"", nil, none},
		"first":              {frametest.OffsetEntry(7) + "\x01at\x01", event.Table{"x-stream-offset": int64(7), "a": true}, 7},
		"after others":       {"\x01at\x01" + frametest.OffsetEntry(7), nil, 7},
		"twice":              {frametest.OffsetEntry(7) + frametest.OffsetEntry(8), nil, 7},
		"a publisher's, too": {frametest.OffsetEntry(7) + "\x0fx-stream-offsett\x01", nil, 7},
		"of another type":    {"\x0fx-stream-offsetI\x00\x00\x00\x07" + frametest.OffsetEntry(8), event.Table{"x-stream-offset": int32(7)}, none},
		"negative":           {frametest.OffsetEntry(1<<64 - 1), event.Table{"x-stream-offset": int64(-1)}, none},
		"cut off":            {"\x01aS\x00\x00\x00\x09xx" + frametest.OffsetEntry(7), nil, none},
	} {
		for _, d := range []frame.Delivery{{Headers: []byte(c.headers)}, {Table: c.table}} {
			if len(d.Headers) == 0 && d.Table == nil && c.headers != "" {
				continue // amqp091-go reads no such table
			}
			got, ok := d.Offset()
			if want := c.want % none; ok != (c.want != none) || got != want {
				t.Errorf("%s: offset in %q, %v = %d, %t, want %d, %t", name, d.Headers, d.Table, got, ok, c.want, c.want != none)
			}
		}
	}
}

func TestDelivery_EncodedHeadersAreEqualForEqualHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b frame.Delivery
		want bool
	}{
		{frame.Delivery{Headers: []byte("\x01at\x01")}, frame.Delivery{Headers: []byte("\x01at\x01")}, true},
		{frame.Delivery{Headers: []byte("\x01at\x01")}, frame.Delivery{Headers: []byte("\x01at\x00")}, false},
		{frame.Delivery{Table: event.Table{"a": 1, "b": "x"}}, frame.Delivery{Table: event.Table{"b": "x", "a": 1}}, true},
		{frame.Delivery{Table: event.Table{"a": 1, "b": "x"}}, frame.Delivery{Table: event.Table{"a": 1, "b": "y"}}, false},
	} {
		if got := string(c.a.EncodedHeaders()) == string(c.b.EncodedHeaders()); got != c.want {
			t.Errorf("%+v and %+v are encoded alike: %t, want %t", c.a, c.b, got, c.want)
		}
	}
}

func TestDelivery_OwnCopiesAllButTheBody(t *testing.T) {
	t.Parallel()
	all := []byte("exchange-id-type-headers-body")
	d := frame.Delivery{Exchange: all[:8], MessageID: all[9:11], Type: all[12:16], Headers: all[17:24], Body: all[25:]}
	d.Own()
	for i := range all {
		all[i] = 'x'
	}
	got := []string{string(d.Exchange), string(d.MessageID), string(d.Type), string(d.Headers), string(d.Body)}
	if diff := cmp.Diff([]string{"exchange", "id", "type", "headers", "xxxx"}, got); diff != "" {
		t.Errorf("after the frame has changed (-want +got):\n%s", diff)
	}
}
