package main

import (
	"fmt"

	"ranger/cmd/ranger/internal/cli"
)

// version is set by the linker.
var version = "dev"

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(s cli.Streams) error {
	_, err := fmt.Fprintln(s.Out, version)
	return err
}
