package cli

import (
	"strings"

	"ranger/internal/auth"
)

// SignFlags are the key and claims with which session tokens are signed.
type SignFlags struct {
	ExpiresIn string `default:"10m" help:"Lifetime of a token."`
	Audience  string `default:"peatio" help:"Comma-separated names for the claim aud."`
	KeyFile   string `placeholder:"PATH" help:"File with the private key: PEM, or Base64 of PEM; for HS256, HS384 and HS512 the secret. Default: the variable JWT_PRIVATE_KEY, or JWT_SECRET, of the environment or .env."`
	Alg       string `name:"alg" env:"JWT_ALGORITHM" default:"RS256" help:"Algorithm of the signature."`
}

// Signer returns a signer with the key, or all problems found so far.
func (f *SignFlags) Signer(c *Checker) (*auth.Signer, error) {
	key := f.key(c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	signer, err := auth.NewSigner(f.Alg, key)
	if err != nil {
		return nil, ConfigError{err.Error()}
	}
	return signer, nil
}

// key returns the key to sign with.
func (f *SignFlags) key(c *Checker) string {
	name := "JWT_PRIVATE_KEY"
	if strings.HasPrefix(f.Alg, "HS") {
		name = "JWT_SECRET"
	}
	if f.KeyFile != "" {
		return strings.TrimSpace(c.File("--key-file", f.KeyFile))
	}
	key := c.Secret(name, "")
	if key == "" {
		c.Fail(name, "is unset: set it, or name a file with --key-file; for a trial, `ranger keygen --env` generates a key")
	}
	return key
}
