package main

import (
	"fmt"
	"strings"
	"time"

	"ranger/internal/auth"
	"ranger/internal/event"
)

type tokenCommand struct {
	UID   string `name:"uid" required:"" help:"The user, such as ID092B2AF8E87."`
	Email string `help:"The user's address. No claim without it."`

	signFlags
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
