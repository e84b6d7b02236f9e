package park_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"ranger/internal/hub/internal/park"
)

func TestPoller_RunReturnsWhyEpollCannotBeOpened(t *testing.T) {
	_, raw, _ := pair(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	p := park.New()
	parked := parks(t, p, raw, newBell())
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if parked {
		t.Error("Park without epoll = true, want false")
	}
	if err := p.Run(t.Context()); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("Run = %v, want EMFILE", err)
	}
}

func TestPoller_FailureNotifiesAll(t *testing.T) {
	_, raw, _ := pair(t)
	p, b := park.New(), newBell()
	ended := make(chan error)
	go func() { ended <- p.Run(t.Context()) }()
	if !parks(t, p, raw, b) {
		t.Fatal("Park = false, want true")
	}
	p.Break()
	b.want(t, "after the failure")
	if err := <-ended; err == nil {
		t.Error("Run = nil, want the failure")
	}
	if parks(t, p, raw, b) {
		t.Error("Park after the failure = true, want false")
	}
}

// Epoll refuses regular files.
func TestPoller_ParkReturnsWhyEpollRefuses(t *testing.T) {
	p, _ := run(t)
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	b := newBell()
	if parked, err := p.Park(raw, b); parked || !errors.Is(err, syscall.EPERM) {
		t.Errorf("Park of a file = %t, %v; want false, EPERM", parked, err)
	}
	if p.Unpark(int(f.Fd()), b) {
		t.Error("Unpark of the file = true, want false")
	}
}
