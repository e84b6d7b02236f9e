package event_test

import (
	"bytes"
	"testing"

	"ranger/internal/event"
)

// RFC 3720 appendix B.4.
func TestCheck_IsCRC32C(t *testing.T) {
	ascending := make([]byte, 32)
	for i := range ascending {
		ascending[i] = byte(i)
	}
	for name, c := range map[string]struct {
		body []byte
		want uint32
	}{
		"zeroes":    {make([]byte, 32), 0x8a9136aa},
		"ones":      {bytes.Repeat([]byte{0xff}, 32), 0x62a8ab43},
		"ascending": {ascending, 0x46dd794e},
		"digits":    {[]byte("123456789"), 0xe3069283},
		"empty":     {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := event.Check(c.body); got != c.want {
				t.Errorf("Check() = %08x, want %08x", got, c.want)
			}
		})
	}
}
