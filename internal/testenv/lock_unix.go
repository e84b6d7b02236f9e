//go:build unix

package testenv

import (
	"errors"
	"os"
	"syscall"
)

// tryLock reports whether it has locked a file, until the file is closed or the
// process ends.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
