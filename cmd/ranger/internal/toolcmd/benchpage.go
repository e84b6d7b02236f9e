package toolcmd

import (
	"errors"
	"fmt"
	"os"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/tools/bench/show"
)

// openPage opens the file of --html, or returns nil if name is empty. It is called
// before the run, so that a file that cannot be written is reported at once.
func openPage(name string) (*os.File, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no page is no error
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644) //nolint:gosec // the operator names it, and may show it to others
	if err != nil {
		return nil, cli.ConfigError{"--html: " + err.Error()}
	}
	return f, nil
}

// writePage writes the page and closes its file. It does nothing if f is nil.
func writePage(f *os.File, doc *show.Document) error {
	if f == nil {
		return nil
	}
	var err error
	if info, statErr := f.Stat(); statErr == nil && info.Mode().IsRegular() {
		err = f.Truncate(0) // a device such as /dev/stdout cannot be truncated
	}
	if err == nil {
		err = doc.WritePage(f)
	}
	return wrapIf("write "+f.Name(), errors.Join(err, f.Close()))
}

// dropPage closes the file unchanged, and removes it if openPage created it.
func dropPage(f *os.File) error {
	if f == nil {
		return nil
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		err = os.Remove(f.Name())
	}
	return errors.Join(err, f.Close())
}

// wrapIf adds what was being done to an error, if there is one.
func wrapIf(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
