package main

import (
	"fmt"
	"strings"
	"time"

	"ranger/internal/auth"
	"ranger/internal/event"
)

type tokenCommand struct {
	UID   string `name:"uid" required:"" help:"User of the token, such as ID092B2AF8E87."`
	Email string `help:"Email address of the user. By default the token has none."`

	signFlags
}

// Help returns the text of --help that precedes the flags.
func (tokenCommand) Help() string {
	return `Print a session token like Barong's, for a trial or a test. Keep the private key away from servers that do not sign tokens: with it, anyone can be any user.

  ranger token --uid IDALICE00001

Send the token on a socket as {"jwt":"Bearer <token>"}, or as a header of the upgrade: Authorization: Bearer <token>`
}

// Run prints a token.
func (cmd tokenCommand) Run(std streams) error {
	c := new(checker)
	lifetime := c.Duration("--expires-in", cmd.ExpiresIn, -24*time.Hour)
	if strings.TrimSpace(cmd.UID) == "" {
		c.Fail("--uid", "must not be blank")
	}
	signer, err := cmd.signer(c)
	if err != nil {
		return err
	}
	token, err := signer.Sign(auth.Claims{
		UID:      event.UID(cmd.UID),
		Email:    cmd.Email,
		Audience: splitList(cmd.Audience),
		Lifetime: lifetime,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, token)
	return err
}

// signFlags are the key and claims with which session tokens are signed.
type signFlags struct {
	ExpiresIn string `default:"10m" help:"Lifetime of a token."`
	Audience  string `default:"peatio" help:"Comma-separated names for the claim aud."`
	KeyFile   string `placeholder:"PATH" help:"File with the private key: PEM, or Base64 of PEM; for HS256, HS384 and HS512 the secret. Default: the variable JWT_PRIVATE_KEY, or JWT_SECRET, of the environment or .env."`
	Alg       string `name:"alg" env:"JWT_ALGORITHM" default:"RS256" help:"Algorithm of the signature."`
}

// signer returns a signer with the key, or all problems found so far.
func (f *signFlags) signer(c *checker) (*auth.Signer, error) {
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
func (f *signFlags) key(c *checker) string {
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
