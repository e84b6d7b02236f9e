package show_test

import (
	"testing"

	"ranger/internal/tools/bench/show"
)

func TestQuantity_ChoosesUnitAndDigits(t *testing.T) {
	for _, c := range []struct {
		value float64
		of    string
		want  string
	}{
		{0, "µs", "0 µs"},
		{0.4567, "µs", "0.457 µs"},
		{2.41, "µs", "2.41 µs"},
		{66, "µs", "66 µs"},
		{999.4, "µs", "999 µs"},
		{1234.5, "µs", "1.23 ms"},
		{95_040, "µs", "95.0 ms"},
		{1_500_000, "µs", "1.50 s"},
		{0, "s", "0 s"},
		{0.00025, "s", "250 µs"},
		{0.0123, "s", "12.3 ms"},
		{99.96, "s", "100 s"},
		{3.456, "s", "3.46 s"},
		{0, "B", "0 B"},
		{3612, "B", "3,612 B"},
		{23_900, "B", "23.3 KiB"},
		{64_210_000, "B", "61.2 MiB"},
		{5 << 30, "B", "5 GiB"},
		{-2048, "B", "-2,048 B"},
		{251_234.7, "1/s", "251,235 /s"},
		{0.5, "1/s", "0.500 /s"},
		{1_234_567, "", "1,234,567 "},
		{0.00001234, "", "1.2e-05 "},
		{12, "%", "12 %"},
	} {
		text, unit := show.Quantity(c.value, c.of)
		if got := text + " " + unit; got != c.want {
			t.Errorf("%v %s: got %q, want %q", c.value, c.of, got, c.want)
		}
	}
}

// An axis has a few round marks that rise.
func TestAxis_IncludesAllValues(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		of        string
		log       bool
		want      []string
	}{
		{0, 0, "1/s", false, []string{"0", "0.2 /s", "0.4 /s", "0.6 /s", "0.8 /s", "1 /s"}},
		{1, 7, "", false, []string{"0", "2", "4", "6", "8"}},
		{1, 10, "", false, []string{"0", "2", "4", "6", "8", "10"}},
		{1, 241_500, "1/s", false, []string{"0", "50k /s", "100k /s", "150k /s", "200k /s", "250k /s"}},
		{1, 61 << 20, "B", false, []string{"0", "20 MiB", "40 MiB", "60 MiB", "80 MiB"}},
		{400, 4100, "µs", true, []string{"0", "1 ms", "2 ms", "3 ms", "4 ms", "5 ms"}},
		{456, 12_000, "µs", true, []string{"200 µs", "500 µs", "1 ms", "2 ms", "5 ms", "10 ms", "20 ms"}},
		{456, 1_000_000, "µs", true, []string{"100 µs", "1 ms", "10 ms", "100 ms", "1 s"}},
		{100, 10_000, "µs", true, []string{"100 µs", "200 µs", "500 µs", "1 ms", "2 ms", "5 ms", "10 ms"}},
	} {
		got, rising := show.Axis(c.low, c.high, c.of, c.log)
		if len(got) != len(c.want) || !rising {
			t.Errorf("%v to %v: got %v, rising %t, want %v", c.low, c.high, got, rising, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%v to %v: got %v, want %v", c.low, c.high, got, c.want)
				break
			}
		}
	}
}
