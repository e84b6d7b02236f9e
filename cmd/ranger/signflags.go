package main

import (
	"strings"

	"ranger/internal/auth"
)

// signFlags say how session tokens are signed.
type signFlags struct {
	ExpiresIn string `default:"10m" help:"How long a token is good."`
	Audience  string `default:"peatio" help:"Comma list for the claim aud."`
	KeyFile   string `placeholder:"PATH" help:"File with the private key: PEM, or Base64 of PEM; for HS256, HS384 and HS512 the secret. Else JWT_PRIVATE_KEY, or JWT_SECRET, of the environment or .env."`
	Alg       string `name:"alg" env:"JWT_ALGORITHM" default:"RS256" help:"What to sign with."`
}

// signer returns a signer with the key, or what is wrong so far.
func (f *signFlags) signer(c *checker) (*auth.Signer, error) {
	key := f.key(c)
	if err := c.err(); err != nil {
		return nil, err
	}
	signer, err := auth.NewSigner(f.Alg, key)
	if err != nil {
		return nil, configError{err.Error()}
	}
	return signer, nil
}

// key returns the key to sign with.
func (f *signFlags) key(c *checker) string {
	name := "JWT_PRIVATE_KEY"
	if strings.HasPrefix(f.Alg, "HS") {
		name = "JWT_SECRET"
	}
	if f.KeyFile != "" {
		return strings.TrimSpace(c.file("--key-file", f.KeyFile))
	}
	key := c.secret(name, "")
	if key == "" {
		c.fail(name, "is unset: set it, or name a file with --key-file; `ranger keygen --env` makes one for a trial")
	}
	return key
}
