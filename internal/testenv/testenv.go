// Package testenv gives tests what they need from outside the process: the RabbitMQ and
// the Redis that scripts/services starts, a separate RabbitMQ, a proxy, child processes
// that end with the test process, and slots that limit how many heavy tests run
// concurrently on the machine. Only tests import it.
package testenv

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Patience is how long a test waits for an event that must happen. It is not an
// assertion about speed: it turns a hang into a failure with a message before the time
// limit of the test process is reached.
const Patience = 5 * time.Minute

// RabbitMQ returns the URL of the broker that all tests share, from RABBITMQ_URL. A test
// must not stop it, and must use unique names on it.
func RabbitMQ(tb testing.TB) string {
	tb.Helper()
	return service(tb, "RABBITMQ_URL")
}

// Redis returns the URL of the Redis that all tests share, from REDIS_URL.
func Redis(tb testing.TB) string {
	tb.Helper()
	return service(tb, "REDIS_URL")
}

// service returns the value of a variable that scripts/services sets. With
// `go test -short` a test that needs a service is skipped; without it, a missing
// service fails the test.
func service(tb testing.TB, variable string) string {
	tb.Helper()
	if testing.Short() {
		tb.Skipf("needs %s: skipped by -short", variable) //nolint:forbidigo // not because the server is missing
	}
	url := os.Getenv(variable) //nolint:forbidigo // set by scripts/services
	if url == "" {
		tb.Fatalf("%s is unset: use `make test`, or `scripts/services go test` with the packages to test", variable)
	}
	return url
}

// Programs must be called by tests that run programs of other projects: browsers,
// Node.js, Ruby, curl. `make test` installs them. With `go test -short` it skips the test.
func Programs(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs programs that `make test` installs: skipped by -short") //nolint:forbidigo // not because one is missing
	}
}

// script returns the path of a script of the repository. Tests run in the folder of
// their package.
func script(tb testing.TB, name string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		path := filepath.Join(dir, "scripts", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatalf("scripts/%s is in no folder above this package", name)
		}
		dir = parent
	}
}
