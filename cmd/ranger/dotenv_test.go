package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The error names the file. Commands that need no variables still work.
func TestDotenv_ParseErrorQuotesNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, text := range map[string]string{
		"name":  "MY-VAR=1\nJWT_SECRET=" + secret + "\n",
		"quote": "JWT_SECRET='" + secret + "\nRABBITMQ_PASSWORD=" + secret + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			check(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600))
			r := command(t, dir, nil, "serve")
			if r.code != 2 || !strings.Contains(r.err, ".env: ") {
				t.Errorf("got %d %s", r.code, r.err)
			}
			if strings.Contains(r.err, secret) {
				t.Errorf("got a secret in: %s", r.err)
			}
			for _, args := range [][]string{{"version"}, {"--help"}, {"serve", "--help"}} {
				if r := command(t, dir, nil, args...); r.code != 0 {
					t.Errorf("%v: got %d %s", args, r.code, r.err)
				}
			}
		})
	}
}

// A variable of the environment takes precedence.
func TestDotenv_MayHaveByteOrderMarkAndQuotes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, ".env"), []byte("\ufeffJWT_ALGORITHM=HS256\r\nJWT_SECRET='pa$WORD'\r\n"), 0o600))
	valid := command(t, dir, nil, "token", "--uid=x")
	if valid.code != 0 {
		t.Fatalf("got %d %s", valid.code, valid.err)
	}
	if r := command(t, dir, []string{"JWT_ALGORITHM=RS256"}, "token", "--uid=x"); r.code != 2 || !strings.Contains(r.err, "JWT_PRIVATE_KEY") {
		t.Errorf("the environment does not take precedence: got %d %s", r.code, r.err)
	}
}
