package amqp_test

import (
	"testing"

	"ranger/internal/amqp"
	"ranger/internal/event"
)

// Of each exchange the newest messages are remembered, and all are counted.
func TestPassed(t *testing.T) {
	t.Parallel()
	const more = 100
	var p amqp.Passed
	if amqp.Remembered < 5*50_000 { // two looks are 5 s apart
		t.Errorf("%d messages are remembered: an exchange can route more between two looks", amqp.Remembered)
	}
	p.Note(event.Trade, 7, 70)
	for i := range uint32(amqp.Remembered) {
		p.Note(event.Order, i, int64(i))
	}
	if !p.Has(event.Order, 0) || !p.Has(event.Order, amqp.Remembered-1) {
		t.Error("the first or the last is not remembered, and no more have come than are")
	}
	for lap := range uint32(2) { // each takes the places of the oldest
		from := amqp.Remembered + lap*more
		for i := range uint32(more) {
			p.Note(event.Order, from+i, int64(from+i))
		}
		gone, oldest, newest := from+more-1-amqp.Remembered, from+more-amqp.Remembered, from+more-1
		if p.Has(event.Order, gone) || !p.Has(event.Order, oldest) || !p.Has(event.Order, newest) {
			t.Errorf("after message %d: remembers %d: %t, %d: %t, %d: %t, want false, true, true", newest,
				gone, p.Has(event.Order, gone), oldest, p.Has(event.Order, oldest), newest, p.Has(event.Order, newest))
		}
		if read, last := p.Of(event.Order); read != uint64(newest)+1 || last != int64(newest) {
			t.Errorf("%d were read, the last one at %d, want %d at %d", read, last, newest+1, newest)
		}
	}
	if read, last := p.Of(event.Trade); !p.Has(event.Trade, 7) || p.Has(event.Order, 7) || read != 1 || last != 70 {
		t.Errorf("the other exchange: %d were read, the last one at %d, want one at 70, which it remembers alone", read, last)
	}
	if read, last := p.Of(0); read != 0 || last != 0 {
		t.Errorf("of no exchange %d were read, the last one at %d", read, last)
	}
}
