package main_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ranger/internal/testenv"
)

// result is the output and exit code of a command.
type result struct {
	out, err string
	code     int
}

// command runs the program in dir with only this environment.
func command(t testing.TB, dir string, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience)
	defer cancel()
	cmd := testenv.Command(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), promptRaceEnd)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	_ = cmd.Run() // the exit code is checked
	return result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func TestServe_ReportsEveryInvalidValueAndNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	r := command(t, t.TempDir(), []string{
		"WEBSOCKET_PORT=eighty", "AUTH_TIMEOUT=soon", "HEARTBEAT_INTERVAL=1ms", "MAX_MESSAGE_BYTES=many", "HISTORY_SIZE=0",
		"HISTORY_MEMORY=1", "WEBSOCKET_ALLOWED_ORIGINS=example.com", "WEBSOCKET_SSL_CERT=/nowhere",
		"RABBITMQ_URL=http://me:" + secret + "@host/", "AMQP_SOURCE=pile", "AMQP_EXCHANGE_DURABLE=perhaps",
		"AMQP_PREFETCH=70000", "IO_MODE=slow", "OPS_ADDR=nowhere", "LOG_LEVEL=loud", "LOG_FORMAT=xml", "JWT_PUBLIC_KEY=garbage",
		"JWT_ALGORITHM=rs256", "WEBSOCKET_HOST=[::]", "JWT_DEFAULT_LEEWAY=long", "AMQP_STREAM_MAX_AGE=1m",
		"JWT_ISSUED_AT_LEEWAY=-5", "JWT_SECRET_FILE=/no/such/file", "DRAIN_PERIOD=-1s", "AMQP_STREAM_MAX_BYTES=2TB",
		"REDIS_URL=redis://me:" + secret + "#@host/", "MEMBER_DIRECTORY= ",
	}, "serve", "--ping-interval=often")
	if r.code != 2 || r.out != "" {
		t.Errorf("got exit code %d and output %q, want 2 and none", r.code, r.out)
	}
	for _, want := range []string{
		"WEBSOCKET_PORT: ", "AUTH_TIMEOUT: ", "HEARTBEAT_INTERVAL: ", "MAX_MESSAGE_BYTES: ", "HISTORY_SIZE: ", "HISTORY_MEMORY: ",
		"WEBSOCKET_ALLOWED_ORIGINS: ", "WEBSOCKET_SSL_KEY: ", "RABBITMQ_URL: ", "AMQP_SOURCE: ", "AMQP_EXCHANGE_DURABLE: ",
		"AMQP_PREFETCH: ", "IO_MODE: ", "OPS_ADDR: ", "LOG_LEVEL: ", "LOG_FORMAT: ", "JWT_PUBLIC_KEY: ", "JWT_ISSUED_AT_LEEWAY: ",
		"JWT_ALGORITHM: ", "WEBSOCKET_HOST: ", "JWT_DEFAULT_LEEWAY: ", "AMQP_STREAM_MAX_AGE: ",
		"JWT_SECRET_FILE: ", "DRAIN_PERIOD: ", "AMQP_STREAM_MAX_BYTES: ", "PING_INTERVAL: ", "REDIS_URL: ", "MEMBER_DIRECTORY: ",
	} {
		if strings.Count(r.err, "\n  "+want) != 1 {
			t.Errorf("%s is not reported once in:\n%s", want, r.err)
		}
	}
	if strings.Contains(r.err, secret) {
		t.Errorf("got a password in:\n%s", r.err)
	}
}

func TestPublish_ReportsInvalidAddressOfBroker(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]string{
		"RABBITMQ_HOST=localhost:99999":               "RABBITMQ_HOST: ",
		"RABBITMQ_HOST=a,amqp://b":                    "RABBITMQ_HOST: ",
		"RABBITMQ_HOST=,":                             "RABBITMQ_HOST: ",
		"RABBITMQ_URL=amqp://localhost,b":             "RABBITMQ_URL: ",
		"RABBITMQ_URL=amqp://a/v,amqp://b/w":          "RABBITMQ_URL: must name the same virtual host",
		"RABBITMQ_PORT=0":                             "RABBITMQ_PORT: ",
		"RABBITMQ_URL=amqp://guest:x@localhost:99999": "RABBITMQ_URL: ",
		"RABBITMQ_URL=amqp://guest:%zz@localhost":     "RABBITMQ_URL: ",
		"RABBITMQ_URL_FILE=/no/such/file":             "RABBITMQ_URL_FILE: ",
	} {
		if r := command(t, t.TempDir(), []string{env}, "publish", "order"); r.code != 2 || !strings.Contains(r.err, want) {
			t.Errorf("%s: got exit code %d and %s, want 2 and %s", env, r.code, r.err, want)
		}
	}
}

func TestServe_RequiresPublicKey(t *testing.T) {
	t.Parallel()
	r := command(t, t.TempDir(), []string{"JWT_PUBLIC_KEY="}, "serve")
	if r.code != 2 || !strings.Contains(r.err, "JWT_PUBLIC_KEY: is unset") {
		t.Errorf("without a key: got exit code %d and %s", r.code, r.err)
	}
	private := regexp.MustCompile(`JWT_PRIVATE_KEY=(\S+)`).FindStringSubmatch(command(t, t.TempDir(), nil, "keygen", "--env").out)[1]
	r = command(t, t.TempDir(), []string{"JWT_PUBLIC_KEY=" + private}, "serve")
	if r.code != 2 || !strings.Contains(r.err, "JWT_PUBLIC_KEY: ") || !strings.Contains(r.err, "private") {
		t.Errorf("with a private key: got exit code %d and %s", r.code, r.err)
	}
}

func TestCommand_ExitsWith2IfMisused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing", nil, 0, "Usage: ranger <command>"},
		{"help", []string{"serve", "--help"}, 0, "SIGTERM"},
		{"version", []string{"version"}, 0, "dev\n"},
		{"unknown command", []string{"dance"}, 2, "dance"},
		{"unknown flag", []string{"serve", "--jwt-secret=x"}, 2, "--jwt-secret"},
		{"missing flag", []string{"token"}, 2, "--uid"},
		{"token without a key", []string{"token", "--uid=x"}, 2, "JWT_PRIVATE_KEY: is unset"},
		{"unknown algorithm", []string{"keygen", "--alg=none"}, 2, "none"},
		{"wrong count", []string{"publish", "order", "--count=-1"}, 2, "--count"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := command(t, t.TempDir(), nil, c.args...)
			if got := r.out + r.err; r.code != c.code || !strings.Contains(got, c.want) {
				t.Errorf("got %d %s, want %d and %q", r.code, got, c.code, c.want)
			}
		})
	}
}

// The output is that of the command in the upstream documents: two keys in PEM in
// URL-safe Base64.
func TestKeygen_PrintsAsTheUpstreamCommand(t *testing.T) {
	t.Parallel()
	r := command(t, t.TempDir(), nil, "keygen")
	m := regexp.MustCompile(`^\nPRIVATE RSA KEY \(URL-safe Base64 encoded, PEM\):\n\n(\S+)\n\nPUBLIC RSA KEY \(URL-safe Base64 encoded, PEM\):\n\n(\S+)\n$`).FindStringSubmatch(r.out)
	if m == nil {
		t.Fatalf("got output %q", r.out)
	}
	for i, want := range []string{"-----BEGIN RSA PRIVATE KEY-----\n", "-----BEGIN PUBLIC KEY-----\n"} {
		b, err := base64.URLEncoding.DecodeString(m[i+1])
		if err != nil || !strings.HasPrefix(string(b), want) {
			t.Errorf("key %d: got %q and error %v, want %s…", i, b, err, want)
		}
	}
}

// The steps are those of the README: keygen into .env, serve, token, publish.
func TestQuickStart_DeliversEventsForEachAlgorithm(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "PS384", "ES256", "EdDSA", "HS512"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dir := t.TempDir()
			keys := command(t, dir, nil, "keygen", "--env", "--alg="+alg)
			if keys.code != 0 {
				t.Fatal(keys.err)
			}
			check(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(keys.out), 0o600))
			env := w.environment()
			env[len(env)-1] = "JWT_PUBLIC_KEY=" // set but empty, so that of .env is used
			p := launchIn(t, dir, env, "serve")
			p.awaitListening()
			p.awaitLog("caught up")

			token := strings.TrimSpace(command(t, dir, nil, "token", "--uid="+string(alice), "--expires-in=1m").out)
			s := dial(t, p, map[string][]string{"Authorization": {"Bearer " + token}})
			s.expect(authenticated)
			r := command(t, dir, w.environment(), "publish", "order", "--uid="+string(alice), "--market=ethusd")
			if r.code != 0 || r.out != "1 published and confirmed\n" {
				t.Fatalf("publish order: %d %s %s", r.code, r.out, r.err)
			}
			if got := s.read(); !strings.HasPrefix(got, `{"orderbook":{"id":3247,"side":"sell",`) || !strings.Contains(got, `"market_id":"ethusd"`) {
				t.Errorf("got %s", got)
			}
			r = command(t, dir, w.environment(), "publish", "trade", "--seller="+string(alice), "--buyer="+string(bob), "--count=20", "--rate=200")
			if r.code != 0 || r.out != "20 published and confirmed\n" {
				t.Fatalf("publish trade: %d %s %s", r.code, r.out, r.err)
			}
			for range 20 {
				if got := s.read(); !strings.HasPrefix(got, `{"trade":{"id":24`) || !strings.Contains(got, `"side":"ask","order_id":32`) {
					t.Errorf("got %s", got)
				}
			}
		})
	}
}

// Before a queue is bound, the command fails; afterwards it succeeds.
func TestPublish_ReportsUnroutableMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := command(t, t.TempDir(), w.environment(), "publish", "order", "--uid=x")
	if r.code != 1 || !strings.Contains(r.err, "ranger serve") {
		t.Errorf("got %d %s", r.code, r.err)
	}
	body := filepath.Join(t.TempDir(), "body.json")
	check(t, os.WriteFile(body, []byte(`{"id":7}`), 0o600))
	p := w.serve()
	s := w.login(p, alice)
	r = command(t, t.TempDir(), w.environment(), "publish", "order", "--body="+body, "--header=member_uid="+string(alice))
	if r.code != 0 {
		t.Errorf("got %d %s", r.code, r.err)
	}
	s.expect(`{"orderbook":{"id":7}}`)
}
