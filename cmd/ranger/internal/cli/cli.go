// Package cli is what the commands of ranger share: their outputs, the check of
// values, flags of several commands, and the environment.
package cli

import "io"

// Streams are the outputs of a command.
type Streams struct{ Out, Err io.Writer }

// Version is the version of the program.
type Version string
