package gctuner_test

import (
	"testing"

	"ranger/internal/gctuner"
)

func TestPercent(t *testing.T) {
	const mebibyte = 1 << 20
	for name, c := range map[string]struct {
		live, rate int64 // MiB
		want       int
	}{
		"a storm on a small node":           {live: 10, rate: 50, want: 800},
		"steady events on a small node":     {live: 20, rate: 1, want: 35},
		"no allocations":                    {live: 20, rate: 0, want: 15},
		"a storm with a third of a history": {live: 80, rate: 500, want: 90},
		"a storm with a full history":       {live: 300, rate: 500, want: 35},
		"steady events with a full history": {live: 300, rate: 1, want: 15},
		"no collection and no allocations":  {live: 0, rate: 0, want: 15},
		"a storm before any collection":     {live: 0, rate: 50, want: 800},
	} {
		t.Run(name, func(t *testing.T) {
			if got := gctuner.WantedPercent(c.live*mebibyte, c.rate*mebibyte, 256*mebibyte); got != c.want {
				t.Errorf("got %d %%, want %d", got, c.want)
			}
		})
	}
}

// TestPercentIsSteady: the percentage increases at once and decreases when less has
// sufficed for a while; wishes that go up and down change nothing.
func TestPercentIsSteady(t *testing.T) {
	var p gctuner.Percent
	for i, wanted := range []int{15, 35, 200, 15, 60, 200, 35, 15, 200} {
		if got, want := p.Update(wanted, 800), []int{15, 35, 200}[min(i, 2)]; got != want {
			t.Errorf("sample %d: got %d %%, want %d", i, got, want)
		}
	}
	for range gctuner.ShrinkAfter - 1 {
		if got := p.Update(22, 800); got != 200 {
			t.Fatalf("got %d %% before ShrinkAfter samples, want 200", got)
		}
	}
	if got := p.Update(15, 800); got != 22 {
		t.Errorf("got %d %% after ShrinkAfter samples, want 22", got)
	}
}

// TestPercentKeepsItsMaximum: the maximum of a history that fills applies at once. It
// names I7.
func TestPercentKeepsItsMaximum(t *testing.T) {
	var p gctuner.Percent
	for _, c := range []struct{ wanted, most, want int }{{800, 800, 800}, {35, 90, 90}, {35, 60, 60}, {15, 60, 60}, {35, 35, 35}} {
		if got := p.Update(c.wanted, c.most); got != c.want {
			t.Errorf("wanted %d %%, maximum %d %%: got %d, want %d", c.wanted, c.most, got, c.want)
		}
	}
}
