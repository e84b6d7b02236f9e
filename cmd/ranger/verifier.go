package main

import (
	"crypto"
	"time"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/auth"
)

// tokenFlags are the keys and rules by which session tokens are verified.
type tokenFlags struct {
	JwtPublicKey     string `env:"JWT_PUBLIC_KEY" placeholder:"PEM" group:"tokens" help:"Public keys of the signer of the tokens (Barong): PEM, or Base64 of PEM. A token may be signed with any of them."`
	JwtPublicKeyFile string `env:"JWT_PUBLIC_KEY_FILE" placeholder:"PATH" group:"tokens" help:"File with more such keys. SIGHUP reloads it."`
	JwtSecretFile    string `env:"JWT_SECRET_FILE" placeholder:"PATH" group:"tokens" help:"File that contains JWT_SECRET, the secret for HS256, HS384 and HS512, which has no flag."`
	JwtAlgorithm     string `env:"JWT_ALGORITHM" default:"RS256" group:"tokens" help:"Algorithm with which tokens must be signed: RS, PS or ES with 256, 384 or 512, EdDSA, HS256, HS384 or HS512."`
	JwtIssuer        string `env:"JWT_ISSUER" placeholder:"NAME" group:"tokens" help:"Required value of the claim iss. Unset: any value."`
	JwtAudience      string `env:"JWT_AUDIENCE" default:"peatio" group:"tokens" help:"Comma-separated names, one of which the claim aud must have. *: any value."`
	JwtUIDClaim      string `name:"jwt-uid-claim" env:"JWT_UID_CLAIM" default:"uid" group:"tokens" help:"Claim that identifies the user."`

	JwtDefaultLeeway    string `env:"JWT_DEFAULT_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"Default of the three other leeways."`
	JwtIssuedAtLeeway   string `env:"JWT_ISSUED_AT_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"How far the claim iat may be in the future. Default: 180."`
	JwtExpirationLeeway string `env:"JWT_EXPIRATION_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"How long a token is valid after its exp. Default: 0."`
	JwtNotBeforeLeeway  string `env:"JWT_NOT_BEFORE_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"How long a token is valid before its nbf. Default: 0."`
}

// verifier returns the configuration of a verifier without logger and metrics.
func (f *tokenFlags) verifier(c *cli.Checker) auth.Config {
	issuedAt, expiration, notBefore := f.leeways(c)
	return auth.Config{
		Algorithm:        f.JwtAlgorithm,
		Keys:             f.keys(c),
		Secret:           []byte(c.Secret("JWT_SECRET", f.JwtSecretFile)),
		Issuer:           f.JwtIssuer,
		Audience:         cli.SplitList(f.JwtAudience),
		UIDClaim:         c.Text("JWT_UID_CLAIM", f.JwtUIDClaim),
		IssuedAtLeeway:   issuedAt,
		ExpirationLeeway: expiration,
		NotBeforeLeeway:  notBefore,
	}
}

// keys returns the public keys of JWT_PUBLIC_KEY and JWT_PUBLIC_KEY_FILE.
func (f *tokenFlags) keys(c *cli.Checker) []crypto.PublicKey {
	var keys []crypto.PublicKey
	add := func(name, text string) {
		k, err := auth.ParsePublicKeys(text)
		if err != nil {
			c.Fail(name, "%v", err)
		}
		keys = append(keys, k...)
	}
	if f.JwtPublicKey != "" {
		add("JWT_PUBLIC_KEY", f.JwtPublicKey)
	}
	if f.JwtPublicKeyFile != "" {
		add("JWT_PUBLIC_KEY_FILE", c.File("JWT_PUBLIC_KEY_FILE", f.JwtPublicKeyFile))
	}
	return keys
}

// reload reads JWT_PUBLIC_KEY_FILE again and replaces the keys of v.
func (f *tokenFlags) reload(v *auth.Verifier) error {
	c := new(cli.Checker)
	keys := f.keys(c)
	if err := c.Err(); err != nil {
		return err
	}
	return v.SetKeys(keys)
}

// leeways returns the three leeways. JWT_DEFAULT_LEEWAY replaces their defaults.
func (f *tokenFlags) leeways(c *cli.Checker) (issuedAt, expiration, notBefore time.Duration) {
	issuedAt = 180 * time.Second
	if f.JwtDefaultLeeway != "" {
		d := c.Leeway("JWT_DEFAULT_LEEWAY", f.JwtDefaultLeeway)
		issuedAt, expiration, notBefore = d, d, d
	}
	for _, l := range []struct {
		name, raw string
		value     *time.Duration
	}{
		{"JWT_ISSUED_AT_LEEWAY", f.JwtIssuedAtLeeway, &issuedAt},
		{"JWT_EXPIRATION_LEEWAY", f.JwtExpirationLeeway, &expiration},
		{"JWT_NOT_BEFORE_LEEWAY", f.JwtNotBeforeLeeway, &notBefore},
	} {
		if l.raw != "" {
			*l.value = c.Leeway(l.name, l.raw)
		}
	}
	return issuedAt, expiration, notBefore
}
