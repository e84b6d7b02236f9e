package topology_test

import (
	"math"
	"testing"
	"time"

	"ranger/internal/amqp/topology"
)

func TestAge_RoundsUpToSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Second:                  "1s",
		time.Millisecond:             "1s", // never less than asked for
		1500 * time.Millisecond:      "2s",
		59 * time.Second:             "59s",
		time.Minute:                  "1m",
		15 * time.Minute:             "15m",
		61 * time.Second:             "61s",
		time.Hour:                    "1h",
		90 * time.Minute:             "90m",
		6 * time.Hour:                "6h",
		48 * time.Hour:               "48h",
		27*time.Hour + 1*time.Second: "97201s",
	} {
		got := topology.Age(d)
		if got != want {
			t.Errorf("Age(%v) = %s, want %s", d, got, want)
		}
		if back, ok := topology.ParseAge(got); !ok || back < d || back >= d+time.Second {
			t.Errorf("ParseAge(%s) = %v, %t, want %v", got, back, ok, d)
		}
	}
}

func TestParseAge_ReadsAllUnits(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for s, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "15m": 15 * time.Minute, "6h": 6 * time.Hour,
		"7D": 7 * day, "1M": 30 * day, "1Y": 365 * day,
		"300Y": math.MaxInt64, "9223372036854775807s": math.MaxInt64,
		"0s": 0,
	} {
		if got, ok := topology.ParseAge(s); !ok || got != want {
			t.Errorf("ParseAge(%q) = %v, %t, want %v, true", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "s", "5", "5x", "5d", "-5s", "1h30m", "5 s", "9223372036854775808s", "é"} {
		if got, ok := topology.ParseAge(s); ok {
			t.Errorf("ParseAge(%q) = %v, true, want false", s, got)
		}
	}
}
