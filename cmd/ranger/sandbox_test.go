package main_test

import (
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ranger/internal/event"
)

// Users of the sandbox.
const (
	sandboxAlice event.UID = "ID5A11CE0001"
	sandboxTaker event.UID = "ID7A0E000004" // a bot
)

const buyOrder = `{"market":"btcusd","side":"buy","volume":"0.01","price":"2014"}`

// TestSandbox_Usage: all invalid flags are reported together, by name.
func TestSandbox_Usage(t *testing.T) {
	t.Parallel()
	ec, _ := keyFile(t, "ES256")
	secret := base64.URLEncoding.EncodeToString([]byte("no key at all"))
	empty := filepath.Join(t.TempDir(), "empty")
	check(t, os.WriteFile(empty, nil, 0o600))
	for _, c := range []struct {
		name  string
		env   []string
		flags []string
		want  []string
	}{
		{
			"many",
			[]string{"AMQP_STREAM= ", "MEMBER_DIRECTORY= "},
			[]string{
				"--host=0.0.0.0", "--port=many", "--rate=0", "--token-lifetime=soon", "--log-level=loud", "--key-file=/no/such/file",
				"--rabbitmq-url=http://me:" + secret + "@host/", "--redis-url=http://me:" + secret + "@host/",
			},
			[]string{
				"--host: ", "--port: ", "--rate: ", "--token-lifetime: ", "--log-level: ", "--key-file: ", "AMQP_STREAM: ", "MEMBER_DIRECTORY: ",
				"--rabbitmq-url: ", "--redis-url: ",
			},
		},
		{"out of range", nil, []string{"--port=65536", "--rate=1001", "--token-lifetime=0s"}, []string{"--port: ", "--rate: ", "--token-lifetime: "}},
		{"negative", nil, []string{"--port=-1", "--rate=NaN", "--token-lifetime=-1h"}, []string{"--port: ", "--rate: ", "--token-lifetime: "}},
		{"rate too low", nil, []string{"--port=", "--rate=1e-300"}, []string{"--port: ", "--rate: "}},
		{"all interfaces", nil, []string{"--host=::", "--port="}, []string{"--host: ", "--port: "}},
		{"no RSA key", nil, []string{"--key-file=" + ec, "--port="}, []string{"--key-file: ", "--port: "}},
		{"an empty key", nil, []string{"--key-file=" + empty, "--port="}, []string{"--key-file: ", "--port: "}},
		{"one exchange", []string{"AMQP_ORDERBOOK_EXCHANGE=x", "AMQP_TRADE_EXCHANGE=x"}, []string{"--host=[::1]"}, []string{"--host: ", "AMQP_TRADE_EXCHANGE: "}},
		{"invalid key", []string{"JWT_PRIVATE_KEY=" + secret}, []string{"--port="}, []string{"JWT_PRIVATE_KEY: ", "--port: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := command(t, t.TempDir(), c.env, append([]string{"sandbox"}, c.flags...)...)
			if r.code != 2 || r.out != "" || strings.Contains(r.err, secret) {
				t.Errorf("got exit code %d, output %q and error %s", r.code, r.out, r.err)
			}
			if got := strings.Count(r.err, "\n  "); got != len(c.want) {
				t.Errorf("got %d problems, want %d", got, len(c.want))
			}
			for _, want := range c.want {
				if strings.Count(r.err, "\n  "+want) != 1 {
					t.Errorf("want %s once in:\n%s", want, r.err)
				}
			}
			if c.name == "many" && !strings.Contains(r.err, "--allow-remote") {
				t.Errorf("want --allow-remote in:\n%s", r.err)
			}
		})
	}
}

// TestSandbox_PortInUse: the error names --port.
func TestSandbox_PortInUse(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close() //nolint:errcheck // the test is over
	_, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	r := command(t, t.TempDir(), nil, "sandbox", "--port="+port)
	if r.code != 1 || r.out != "" || !strings.Contains(r.err, "--port") || !strings.Contains(r.err, "address already in use") {
		t.Errorf("got exit code %d, output %q and error %s", r.code, r.out, r.err)
	}
}

// TestSandbox_AllowRemote: other addresses are served.
func TestSandbox_AllowRemote(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, nil, "--host=0.0.0.0", "--allow-remote")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "http://"))
	check(t, err)
	if s.url != "http://localhost:"+port {
		t.Errorf("got URL %s, want localhost", s.url)
	}
	s.url = "http://127.0.0.2:" + port // any address of this machine
	if status, body := s.call(http.MethodGet, "/sandbox/users", "", ""); status != http.StatusOK {
		t.Errorf("got %d %s", status, body)
	}
}

// TestSandbox_Interrupt: Ctrl-C ends it while clients are connected and bots trade.
func TestSandbox_Interrupt(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, nil, "--rate=1000")
	idle := dial(t, s.process, nil)
	alices := s.login(s.signIn())
	s.interrupt()
	alices.expectClose(1001, "going away")
	idle.expectClose(1001, "going away")
	if log := s.log(); len(log) > 0 {
		t.Errorf("got log\n%s", strings.Join(log, "\n"))
	}
}

// TestSandbox_Quiet: bots trade, except with --quiet.
func TestSandbox_Quiet(t *testing.T) {
	t.Parallel()
	file, signer := keyFile(t, "RS256")
	taker := startSandbox(t, nil, "--key-file="+file, "--rate=1000").login(sign(t, signer, sandboxTaker))
	for !strings.HasPrefix(taker.read(), `{"trade":`) {
		continue
	}

	quiet := startSandbox(t, nil, "--key-file="+file, "--rate=1000", "--quiet")
	taker = quiet.login(sign(t, signer, sandboxTaker))
	alices := quiet.login(sign(t, signer, sandboxAlice))
	status, order := quiet.call(http.MethodPost, "/api/v2/orders", sign(t, signer, sandboxAlice), buyOrder)
	if status != http.StatusCreated || !strings.HasPrefix(order, `{"id":1,`) {
		t.Errorf("first order: got %d %s", status, order)
	}
	if got := alices.read(); !strings.HasPrefix(got, `{"orderbook":{"id":1,`) {
		t.Errorf("got %s", got)
	}
	if status, trades := quiet.call(http.MethodGet, "/api/v2/trades?market=btcusd", "", ""); status != http.StatusOK || trades != "[]" {
		t.Errorf("trades: got %d %s", status, trades)
	}
	taker.send("ping")
	taker.expect("pong") // and nothing before it
}

// TestSandbox_Keys: tokens stay valid after a restart only with a given key.
func TestSandbox_Keys(t *testing.T) {
	t.Parallel()
	file, _ := keyFile(t, "RS256")
	pem, err := os.ReadFile(file)
	check(t, err)
	for _, c := range []struct {
		name  string
		env   []string
		args  []string
		valid bool // after a restart
	}{
		{"none", nil, nil, false},
		{"file", nil, []string{"--key-file=" + file}, true},
		{"environment", []string{"JWT_PRIVATE_KEY=" + base64.URLEncoding.EncodeToString(pem)}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			first := startSandbox(t, c.env, append(c.args, "--quiet")...)
			token := first.signIn()
			first.login(token)
			first.interrupt()

			second := startSandbox(t, c.env, append(c.args, "--quiet")...)
			want, answer := http.StatusUnauthorized, refused
			if c.valid {
				want, answer = http.StatusCreated, authenticated
			}
			if status, body := second.call(http.MethodPost, "/api/v2/orders", token, buyOrder); status != want {
				t.Errorf("got %d %s, want %d", status, body, want)
			}
			socket := dial(t, second.process, nil)
			socket.send(`{"jwt":"Bearer ` + token + `"}`)
			socket.expect(answer)
		})
	}
}

// TestSandbox_Welcome runs the commands of the welcome, except npx, whose part the test
// plays.
func TestSandbox_Welcome(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, nil)
	asks := regexp.MustCompile(`\(or ask: (curl .*)\)`).FindAllStringSubmatch(s.welcome, -1)
	for _, ask := range asks {
		if code := bash(t, ask[1]); !regexp.MustCompile(`^\d{6}$`).MatchString(code) {
			t.Errorf("%s: got %q", ask[1], code)
		}
	}
	_, shell, _ := strings.Cut(s.welcome, "\nIn a shell, ")
	shell = strings.Join(regexp.MustCompile(`(?m)^  .*\n`).FindAllString(shell, -1), "") // the commands, without the text between
	signIn, rest, _ := strings.Cut(shell, "\n  npx ")
	npx, order, _ := strings.Cut(rest, "\n")
	if len(asks) != 2 || npx == "" || order == "" {
		t.Fatalf("got unexpected commands in\n%s", s.welcome)
	}

	token := strings.TrimSpace(bash(t, signIn+"\necho \"$TOKEN\""))
	if npx != "wscat -c "+s.ws+` -H "Authorization: Bearer $TOKEN"` {
		t.Errorf("got npx command %s", npx)
	}
	socket := dial(t, s.process, http.Header{"Authorization": {"Bearer " + token}})
	socket.expect(authenticated)
	placed := regexp.MustCompile(`^\{("id":\d+,"side":"buy",)`).FindStringSubmatch(bash(t, "TOKEN="+token+"\n"+order))
	if placed == nil {
		t.Fatal("got no order")
	}
	if got := socket.read(); !strings.HasPrefix(got, `{"orderbook":{`+placed[1]) {
		t.Errorf("got %s", got)
	}
}
