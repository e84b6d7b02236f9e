package main

import (
	"fmt"
	"strings"
	"time"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/auth"
	"ranger/internal/event"
)

type tokenCommand struct {
	UID   string `name:"uid" required:"" help:"User of the token, such as ID092B2AF8E87."`
	Email string `help:"Email address of the user. By default the token has none."`

	cli.SignFlags
}

// Help returns the text of --help that precedes the flags.
func (tokenCommand) Help() string {
	return `Print a session token like Barong's, for a trial or a test. Keep the private key away from servers that do not sign tokens: with it, anyone can be any user.

  ranger token --uid IDALICE00001

Send the token on a socket as {"jwt":"Bearer <token>"}, or as a header of the upgrade: Authorization: Bearer <token>`
}

// Run prints a token.
func (cmd tokenCommand) Run(std cli.Streams) error {
	c := new(cli.Checker)
	lifetime := c.Duration("--expires-in", cmd.ExpiresIn, -24*time.Hour)
	if strings.TrimSpace(cmd.UID) == "" {
		c.Fail("--uid", "must not be blank")
	}
	signer, err := cmd.Signer(c)
	if err != nil {
		return err
	}
	token, err := signer.Sign(auth.Claims{
		UID:      event.UID(cmd.UID),
		Email:    cmd.Email,
		Audience: cli.SplitList(cmd.Audience),
		Lifetime: lifetime,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, token)
	return err
}
