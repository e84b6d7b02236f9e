package main_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"ranger/internal/auth"
	"ranger/internal/testenv"
)

// seeds is a script with every command of the upstream documents.
const seeds = "testdata/seeds/seeds.sh"

// The commands of the upstream documents are run against the sandbox: their client
// receives the order and its trade.
func TestSeeds_CommandsDeliverOrderAndTrade(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		private, _, err := auth.GenerateKey("RS256")
		check(t, err)
		runSeeds(t, base64.URLEncoding.EncodeToString(private), nil)
	})
	t.Run("rabbitmq", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		runSeeds(t, w.privatePEM, w.environment(), "--quiet", "--rabbitmq-url", w.url)
	})
	t.Run("rabbitmq and redis", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		client, key, env := w.directory()
		t.Cleanup(func() { client.Del(context.Background(), key) }) //nolint:usetesting // the test's context has ended
		runSeeds(t, w.privatePEM, append(w.environment(), env...), "--rabbitmq-url", w.url, "--redis-url", testenv.Redis(t))
	})
}

// runSeeds runs the script against a sandbox that signs with this key.
func runSeeds(t *testing.T, key string, env []string, args ...string) {
	t.Helper()
	testenv.Programs(t)
	testenv.Heavy(t)
	env = append(env, "JWT_PRIVATE_KEY="+key)
	s := startSandbox(t, env, args...)
	cmd := testenv.Command(t.Context(), seeds, s.url)
	// Debian's programs, without settings of the user.
	cmd.Env = []string{"JWT_PRIVATE_KEY=" + key, "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v (`make test` installs what it needs)\n%s", seeds, err, out)
	}
	s.interrupt()
	if strings.Contains(strings.Join(s.log(), "\n"), "event not published yet") {
		t.Error("the sandbox published before a queue was bound") // its log follows
	}
}
