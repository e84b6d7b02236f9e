package auth_test

import (
	"encoding/base64"
	"encoding/pem"
	"testing"

	"ranger/internal/auth"
)

// Both halves are PEM blocks like those of Ruby.
func TestGenerateKey_PublicHalfVerifiesPrivateHalf(t *testing.T) {
	for _, algorithm := range algorithms {
		t.Run(algorithm, func(t *testing.T) {
			key := keyOf(t, algorithm, "a")
			cfg := auth.Config{Algorithm: algorithm}
			if algorithm[0] == 'H' {
				cfg.Secret = []byte(key.private)
				random, err := base64.RawURLEncoding.DecodeString(key.private)
				if want := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}[algorithm]; err != nil || len(random) != want {
					t.Errorf("got a secret of %d bytes and error %v, want %d", len(random), err, want)
				}
				if key.public != "" {
					t.Errorf("got a public half %q", key.public)
				}
			} else {
				cfg.Keys = publicKeys(t, key.public)
				want := "PRIVATE KEY"
				if algorithm[:2] == "RS" || algorithm[:2] == "PS" {
					want = "RSA PRIVATE KEY"
				}
				if block, rest := pem.Decode([]byte(key.private)); block == nil || block.Type != want || len(rest) > 0 {
					t.Errorf("got a private half that is no %s", want)
				}
				if block, rest := pem.Decode([]byte(key.public)); block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 {
					t.Errorf("got a public half %q", key.public)
				}
			}
			token := sign(t, newSigner(t, algorithm, key.private), auth.Claims{UID: "ID1"})
			if got := reasonOf(t, start(t, cfg), token); got != "" {
				t.Errorf("got reason %q", got)
			}
		})
	}
	if _, _, err := auth.GenerateKey("none"); err == nil {
		t.Error("a key for none")
	}
	a, b := keyOf(t, "HS256", "a"), keyOf(t, "HS256", "b")
	if a == b {
		t.Error("two secrets are the same")
	}
}
