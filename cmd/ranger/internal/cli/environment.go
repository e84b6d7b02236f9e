package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/joho/godotenv"
)

// LoadEnvironment adds the variables of a file, if it exists, to the environment of the
// process, which takes precedence. A variable that is set but empty counts as unset.
func LoadEnvironment(file string) error {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && name != "" {
			if err := os.Unsetenv(name); err != nil {
				return fmt.Errorf("unset %s: %w", name, err)
			}
		}
	}
	text, err := os.ReadFile(file) //nolint:gosec // a constant name
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return ConfigError{fmt.Sprintf("%s: cannot be read: %v", file, errors.Unwrap(err))}
	}
	const byteOrderMark = "\ufeff"
	vars, err := godotenv.UnmarshalBytes(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	if err != nil {
		// The parser's error quotes the file, including secrets.
		return ConfigError{file + ": must consist of lines NAME=value, with only letters, digits and _ in names and with quotes closed"}
	}
	for name, value := range vars {
		if value == "" || os.Getenv(name) != "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return ConfigError{fmt.Sprintf("%s: %s: %v", file, name, err)}
		}
	}
	return nil
}
