package main

import (
	"fmt"
	"strings"
	"time"

	"ranger/internal/auth"
	"ranger/internal/event"
)

type tokenCommand struct {
	UID       string `name:"uid" required:"" help:"The user, such as ID092B2AF8E87."`
	Email     string `help:"The user's address. No claim without it."`
	ExpiresIn string `default:"10m" help:"How long the token is good."`
	Audience  string `default:"peatio" help:"Comma list for the claim aud."`
	KeyFile   string `placeholder:"PATH" help:"File with the private key: PEM, or Base64 of PEM; for HS256, HS384 and HS512 the secret. Else JWT_PRIVATE_KEY, or JWT_SECRET, of the environment or .env."`
	Alg       string `name:"alg" env:"JWT_ALGORITHM" default:"RS256" help:"What to sign with."`
}

// Help is what --help says beside the flags.
func (tokenCommand) Help() string {
	return `Prints a session token like Barong's, for a trial or a test. Keep the private key away from servers that do not sign: whoever has it can be any user.

  ranger token --uid IDALICE00001

Send it on a socket as {"jwt":"Bearer <token>"}, or as a header of the upgrade: Authorization: Bearer <token>`
}

// Run prints a token.
func (cmd tokenCommand) Run(std streams) error {
	c := new(checker)
	lifetime := c.duration("--expires-in", cmd.ExpiresIn, -24*time.Hour)
	if strings.TrimSpace(cmd.UID) == "" {
		c.fail("--uid", "must not be blank")
	}
	key := cmd.key(c)
	if err := c.err(); err != nil {
		return err
	}
	signer, err := auth.NewSigner(cmd.Alg, key)
	if err != nil {
		return configError{err.Error()}
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

func (cmd tokenCommand) key(c *checker) string {
	name := "JWT_PRIVATE_KEY"
	if strings.HasPrefix(cmd.Alg, "HS") {
		name = "JWT_SECRET"
	}
	if cmd.KeyFile != "" {
		return strings.TrimSpace(c.file("--key-file", cmd.KeyFile))
	}
	key := c.secret(name, "")
	if key == "" {
		c.fail(name, "is unset: set it, or name a file with --key-file; `ranger keygen --env` makes one for a trial")
	}
	return key
}
