package main

import (
	"time"

	"ranger/internal/auth"
	"ranger/internal/event"
)

// tokens signs session tokens with a new key.
type tokens struct {
	algorithm string
	public    string // PEM
	signer    *auth.Signer
}

func newTokens(algorithm string) (tokens, error) {
	private, public, err := auth.GenerateKey(algorithm)
	if err != nil {
		return tokens{}, err
	}
	signer, err := auth.NewSigner(algorithm, string(private))
	return tokens{algorithm: algorithm, public: string(public), signer: signer}, err
}

// sign returns a valid token.
func (t tokens) sign(uid event.UID) (string, error) {
	return t.signer.Sign(auth.Claims{UID: uid, Lifetime: time.Hour})
}
