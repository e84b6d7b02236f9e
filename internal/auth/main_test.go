package auth_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/netip"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"ranger/internal/auth"
	"ranger/internal/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// algorithms are all supported algorithms.
var algorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
}

// secret is the HMAC secret of the tests that are not about keys.
const secret = "correct horse battery staple, more or less"

var peer = netip.MustParseAddrPort("192.0.2.7:4711")

// pair is a key in the form that GenerateKey returns.
type pair struct{ private, public string }

// keyOf returns the same key for the same algorithm and name. RS and PS share RSA keys,
// which are slow to generate.
func keyOf(tb testing.TB, algorithm, name string) pair {
	tb.Helper()
	keyCache.Lock()
	defer keyCache.Unlock()
	id := algorithm + name
	if algorithm[1] == 'S' && (algorithm[0] == 'R' || algorithm[0] == 'P') {
		id = "RSA" + name
	}
	if p, ok := keyCache.pairs[id]; ok {
		return p
	}
	private, public, err := auth.GenerateKey(algorithm)
	if err != nil {
		tb.Fatal(err)
	}
	p := pair{string(private), string(public)}
	keyCache.pairs[id] = p
	return p
}

var keyCache = struct {
	sync.Mutex
	pairs map[string]pair
}{pairs: map[string]pair{}}

// publicKeys parses valid public keys.
func publicKeys(tb testing.TB, texts ...string) []crypto.PublicKey {
	tb.Helper()
	var keys []crypto.PublicKey
	for _, text := range texts {
		parsed, err := auth.ParsePublicKeys(text)
		if err != nil {
			tb.Fatal(err)
		}
		keys = append(keys, parsed...)
	}
	return keys
}

// configFor returns a Config whose Verifier accepts tokens of keyOf(algorithm, "a").
func configFor(tb testing.TB, algorithm string) auth.Config {
	tb.Helper()
	if algorithm[0] == 'H' {
		return auth.Config{Algorithm: algorithm, Secret: []byte(secret)}
	}
	return auth.Config{Algorithm: algorithm, Keys: publicKeys(tb, keyOf(tb, algorithm, "a").public)}
}

// signerFor returns the Signer for configFor.
func signerFor(tb testing.TB, algorithm string) *auth.Signer {
	tb.Helper()
	key := secret
	if algorithm[0] != 'H' {
		key = keyOf(tb, algorithm, "a").private
	}
	return newSigner(tb, algorithm, key)
}

func newSigner(tb testing.TB, algorithm, key string) *auth.Signer {
	tb.Helper()
	s, err := auth.NewSigner(algorithm, key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func sign(tb testing.TB, s *auth.Signer, c auth.Claims) string {
	tb.Helper()
	token, err := s.Sign(c)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

// start returns a running Verifier. It ends with the test.
func start(tb testing.TB, cfg auth.Config) *auth.Verifier {
	tb.Helper()
	v, err := auth.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := v.Run(ctx); err != nil {
			tb.Errorf("Run: %v", err)
		}
	})
	tb.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return v
}

// reasonOf verifies a token and returns why it is refused, or "".
func reasonOf(tb testing.TB, v *auth.Verifier, token string) auth.Reason {
	tb.Helper()
	identity, err := v.Verify(tb.Context(), token, peer)
	if err == nil {
		return ""
	}
	if identity != (event.Identity{}) {
		tb.Errorf("got identity %+v with error %v, want none", identity, err)
	}
	refusal, ok := errors.AsType[*auth.RefusalError](err)
	if !ok || !errors.Is(err, event.ErrRefused) {
		tb.Fatalf("got error %v, want a refusal", err)
	}
	return refusal.Reason
}

// object is the header or claims of a token.
type object map[string]any

// with returns a copy with additional claims; json.RawMessage is written as it is.
func (o object) with(more object) object {
	c := maps.Clone(o)
	maps.Copy(c, more)
	return c
}

func (o object) without(name string) object {
	c := maps.Clone(o)
	delete(c, name)
	return c
}

func (o object) json(tb testing.TB) []byte {
	tb.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// raw returns JSON that is written as it is.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// forge signs any header and claims with any method of golang-jwt.
func forge(tb testing.TB, method string, key any, header, claims []byte) string {
	tb.Helper()
	text := encode(header) + "." + encode(claims)
	signature, err := jwt.GetSigningMethod(method).Sign(text, key)
	if err != nil {
		tb.Fatal(err)
	}
	return text + "." + encode(signature)
}

// forgeHS256 signs claims with the tests' secret and a plain header.
func forgeHS256(tb testing.TB, claims []byte) string {
	tb.Helper()
	return forge(tb, "HS256", []byte(secret), []byte(`{"alg":"HS256","typ":"JWT"}`), claims)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// counter is a Metrics that records its calls.
type counter struct {
	mu       sync.Mutex
	accepted int
	refused  map[string]int
}

func (c *counter) TokenAccepted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted++
}

func (c *counter) TokenRefused(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = map[string]int{}
	}
	c.refused[reason]++
}
