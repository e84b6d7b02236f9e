package hub_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
)

// A token in the header of the upgrade counts like one in the first message.
func TestHeader_TokenAuthenticates(t *testing.T) {
	for name, header := range map[string]string{
		"bearer":         "Authorization: Bearer alice",
		"lower case":     "Authorization: bearer alice",
		"upper case":     "authorization: BEARER alice",
		"several spaces": "Authorization:  Bearer   alice  ",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(_ *testing.T, s *server) {
				c := s.dial(header) // takes the challenge
				c.want(authenticated)
				s.wantSockets(1, 1)
				s.publish("alice", "1")
				c.want("1")
				c.talk([2]string{bearer("alice"), authenticated}) // a renewal
				c.say(bearer("bob"))
				c.wantClose(4009, "identity changed")
			})
		})
	}
}

func TestHeader_TokenExpires(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial("Authorization: Bearer alice/45s")
		c.want(authenticated)
		pass(29 * time.Second)
		s.publish("alice", "1")
		c.want("1") // AuthTimeout is over soon, and does not count
		c.wantFrame(opPing, "")
		pass(14 * time.Second)
		s.publish("alice", "2")
		c.want("2")
		pass(2 * time.Second)
		c.wantClose(4001, "token expired")
	})
}

func TestHeader_InvalidOnesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		body    string
	}{
		"bad token":         {[]string{"Authorization: Bearer bad"}, refused},
		"bad, lower case":   {[]string{"Authorization: bearer bad"}, refused},
		"other scheme":      {[]string{"Authorization: Basic YWxpY2U="}, noBearer},
		"no token":          {[]string{"Authorization: Bearer"}, noBearer},
		"two words":         {[]string{"Authorization: Bearer alice bob"}, noBearer},
		"tab":               {[]string{"Authorization: Bearer\talice"}, noBearer},
		"tab after a space": {[]string{"Authorization: Bearer \talice"}, noBearer},
		"token alone":       {[]string{"Authorization: alice"}, noBearer},
		"empty":             {[]string{"Authorization:"}, noBearer},
		"two headers":       {[]string{"Authorization: Bearer alice", "Authorization: Bearer alice"}, noBearer},
		"two schemes":       {[]string{"Authorization: Basic x", "Authorization: Bearer alice"}, noBearer},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(t *testing.T, s *server) {
				response, body := s.request(upgrade(c.headers...)...) //nolint:bodyclose // request does
				wantResponse(t, response, http.StatusUnauthorized, map[string]string{
					"Content-Type": "application/json", "WWW-Authenticate": "Bearer",
				})
				if body != c.body {
					t.Errorf("body %s, want %s", body, c.body)
				}
				s.wantSockets(0, 0)
				wantRefusals := map[string]int(nil)
				if c.body == noBearer {
					wantRefusals = map[string]int{"no_bearer": 1}
				}
				if _, _, got := s.metrics.read(); !cmp.Equal(got, wantRefusals) {
					t.Errorf("refusals counted: %v, want %v", got, wantRefusals)
				}
			})
		})
	}
}

// wantResponse compares the status and some headers.
func wantResponse(tb testing.TB, got *http.Response, status int, headers map[string]string) {
	tb.Helper()
	if got.StatusCode != status {
		tb.Errorf("status %s, want %d", got.Status, status)
	}
	for name, want := range headers {
		if value := got.Header.Get(name); value != want {
			tb.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}

// If the verifier fails, the client gets 503 and may try again.
func TestHeader_FailedVerificationIsNoRefusal(t *testing.T) {
	bubble(t, setup{}, func(t *testing.T, s *server) {
		response, body := s.request(upgrade("Authorization: Bearer broken")...) //nolint:bodyclose // request does
		wantResponse(t, response, http.StatusServiceUnavailable, map[string]string{"Content-Type": "application/json", "Retry-After": "1"})
		if want := `{"error":{"message":"Not ready: try again in a moment."}}`; body != want {
			t.Errorf("body %s, want %s", body, want)
		}
	})
}

// The verifier gets the token and the peer, of a header and of a message.
func TestVerifier_GetsTokenAndPeer(t *testing.T) {
	want := netip.MustParseAddrPort("192.0.2.7:4711")
	calls := make(chan string, 2)
	verify := func(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error) {
		if peer != want {
			return event.Identity{}, errors.New("whose token?")
		}
		calls <- token
		return readToken(ctx, token, peer)
	}
	bubble(t, setup{verify: verify}, func(t *testing.T, s *server) {
		s.dial("Authorization: Bearer alice/1h").want(authenticated)
		s.open("alice/2h")
		if a, b := <-calls, <-calls; a != "alice/1h" || b != "alice/2h" {
			t.Errorf("verified %q and %q, want the tokens that were sent", a, b)
		}
	})
}
