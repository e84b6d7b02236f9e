package sandbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/tools/sandbox"
)

func TestWelcome_ShowsAddressAndSource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		address  string
		rabbitmq bool
		file     string
	}{
		{"127.0.0.1:8080", false, "welcome.txt"},
		{"[::1]:8080", true, "welcome.rabbitmq.txt"},
	} {
		var got strings.Builder
		check(t, sandbox.Welcome(&got, c.address, c.rabbitmq))
		if diff := cmp.Diff(golden(t, c.file), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, diff)
		}
	}
}

// TestWelcome_AllAddresses: [::] is shown as localhost, since it cannot be opened.
func TestWelcome_AllAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:80", "[::]:80"} {
		var got strings.Builder
		check(t, sandbox.Welcome(&got, address, false))
		if !strings.Contains(got.String(), "Open   http://localhost:80/\n") || strings.Contains(got.String(), address) {
			t.Errorf("%s: got %s", address, got.String())
		}
	}
}

func TestWelcome_WriteError(t *testing.T) {
	t.Parallel()
	if err := sandbox.Welcome(full{}, "127.0.0.1:1", false); !errors.Is(err, errFull) {
		t.Errorf("got error %v", err)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
