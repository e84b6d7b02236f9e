package main

import (
	"errors"
	"fmt"
	"os"

	"ranger/internal/tools/bench/show"
)

// openPage opens the file of --html, nil where there is none: before the run, so
// that nobody waits for a page that cannot be written.
func (s *benchSettings) openPage() (*os.File, error) {
	if s.page == "" {
		return nil, nil //nolint:nilnil // no page is no error
	}
	f, err := os.OpenFile(s.page, os.O_WRONLY|os.O_CREATE, 0o644) //nolint:gosec // the operator names it, and may show it to others
	if err != nil {
		return nil, configError{"--html: " + err.Error()}
	}
	return f, nil
}

// writePage writes the page, where there is one, and closes its file.
func writePage(f *os.File, doc *show.Document) error {
	if f == nil {
		return nil
	}
	var err error
	if info, statErr := f.Stat(); statErr == nil && info.Mode().IsRegular() {
		err = f.Truncate(0) // of what is no file, such as /dev/stdout, there is nothing to cut
	}
	if err == nil {
		err = doc.WritePage(f)
	}
	return wrapIf("write "+f.Name(), errors.Join(err, f.Close()))
}

// dropPage leaves the file as it was, and takes away one that openPage made.
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

func wrapIf(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
