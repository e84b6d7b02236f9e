//go:build !unix

package amqp_test

import (
	"testing"
	"time"
)

// processorTime returns 0: only Unix is measured.
func processorTime(*testing.B) time.Duration { return 0 }
