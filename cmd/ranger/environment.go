package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/joho/godotenv"
)

// loadEnvironment adds the variables of a file, where there is one, to those of
// the process. A variable that is set but empty counts as unset.
func loadEnvironment(file string) error {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && name != "" {
			if err := os.Unsetenv(name); err != nil {
				return fmt.Errorf("unset %s: %w", name, err)
			}
		}
	}
	vars, err := godotenv.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return configError{fmt.Sprintf("%s: %v: write one NAME=value a line", file, err)}
	}
	for name, value := range vars {
		if value == "" || os.Getenv(name) != "" {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return configError{fmt.Sprintf("%s: %s: %v", file, name, err)}
		}
	}
	return nil
}
