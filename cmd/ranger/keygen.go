package main

import (
	"encoding/base64"
	"fmt"
	"strings"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/auth"
)

type keygenCommand struct {
	Alg string `default:"RS256" help:"Algorithm of the key: RS, PS or ES with 256, 384 or 512, EdDSA, or HS256, HS384 or HS512 for a secret."`
	Env bool   `help:"Print lines for a .env file: JWT_ALGORITHM, JWT_PRIVATE_KEY and JWT_PUBLIC_KEY (or JWT_SECRET)."`
}

// Help returns the text of --help that precedes the flags.
func (keygenCommand) Help() string {
	return `Print a new key pair, PEM in URL-safe Base64, as Barong and Peatio read it. Only Barong needs the private key, to sign tokens. ranger needs only the public key, as JWT_PUBLIC_KEY.

For a trial without Barong, write both to .env in the current directory, then serve and sign tokens with them:

  ranger keygen --env > .env
  ranger serve
  ranger token --uid IDALICE00001`
}

// Run prints the keys.
func (cmd keygenCommand) Run(std cli.Streams) error {
	private, public, err := auth.GenerateKey(cmd.Alg)
	if err != nil {
		return usageError{fmt.Errorf("--alg: %w", err)}
	}
	if public == nil {
		return cmd.printSecret(std, string(private))
	}
	privateText, publicText := base64.URLEncoding.EncodeToString(private), base64.URLEncoding.EncodeToString(public)
	if cmd.Env {
		_, err = fmt.Fprintf(std.Out, "JWT_ALGORITHM=%s\nJWT_PRIVATE_KEY=%s\nJWT_PUBLIC_KEY=%s\n", cmd.Alg, privateText, publicText)
		return err
	}
	kind := keyKind(cmd.Alg)
	_, err = fmt.Fprintf(std.Out, "\nPRIVATE %[1]s KEY (URL-safe Base64 encoded, PEM):\n\n%[2]s\n\nPUBLIC %[1]s KEY (URL-safe Base64 encoded, PEM):\n\n%[3]s\n",
		kind, privateText, publicText)
	return err
}

// printSecret prints a secret for an HS algorithm.
func (cmd keygenCommand) printSecret(std cli.Streams, secret string) error {
	if cmd.Env {
		_, err := fmt.Fprintf(std.Out, "JWT_ALGORITHM=%s\nJWT_SECRET=%s\n", cmd.Alg, secret)
		return err
	}
	_, err := fmt.Fprintf(std.Out, "\n%s SECRET:\n\n%s\n", cmd.Alg, secret)
	return err
}

// keyKind returns the type of the key for an algorithm.
func keyKind(alg string) string {
	switch {
	case strings.HasPrefix(alg, "ES"):
		return "EC"
	case alg == "EdDSA":
		return "ED25519"
	default:
		return "RSA"
	}
}
