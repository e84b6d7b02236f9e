package main

import (
	"crypto"
	"strings"
	"time"

	"ranger/internal/auth"
)

// tokenFlags say whose tokens are good.
type tokenFlags struct {
	JwtPublicKey     string `env:"JWT_PUBLIC_KEY" placeholder:"PEM" group:"tokens" help:"The public key of who signs the tokens (Barong): PEM, or Base64 of PEM; several, one after another, all count."`
	JwtPublicKeyFile string `env:"JWT_PUBLIC_KEY_FILE" placeholder:"PATH" group:"tokens" help:"File that holds the same. SIGHUP reads it again."`
	JwtSecretFile    string `env:"JWT_SECRET_FILE" placeholder:"PATH" group:"tokens" help:"File that holds JWT_SECRET, which is for HS256, HS384 and HS512 alone and has no flag."`
	JwtAlgorithm     string `env:"JWT_ALGORITHM" default:"RS256" group:"tokens" help:"The one algorithm that a token may be signed with: RS, PS or ES with 256, 384 or 512, EdDSA, HS256, HS384, HS512."`
	JwtIssuer        string `env:"JWT_ISSUER" placeholder:"NAME" group:"tokens" help:"What the claim iss must equal. Unset: anything."`
	JwtAudience      string `env:"JWT_AUDIENCE" default:"peatio" group:"tokens" help:"Comma list; the claim aud must name one of them. *: anything."`
	JwtUIDClaim      string `name:"jwt-uid-claim" env:"JWT_UID_CLAIM" default:"uid" group:"tokens" help:"The claim that names the user."`

	JwtDefaultLeeway    string `env:"JWT_DEFAULT_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"For each of the next three that is unset, before its own default."`
	JwtIssuedAtLeeway   string `env:"JWT_ISSUED_AT_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"By how much iat may lie in the future. 180 by default."`
	JwtExpirationLeeway string `env:"JWT_EXPIRATION_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"How long a token is good after its exp. 0 by default."`
	JwtNotBeforeLeeway  string `env:"JWT_NOT_BEFORE_LEEWAY" placeholder:"SECONDS" group:"tokens" help:"How long a token is good before its nbf. 0 by default."`
}

// verifier returns its configuration, but for what it logs and counts to.
func (f *tokenFlags) verifier(c *checker) auth.Config {
	issuedAt, expiration, notBefore := f.leeways(c)
	return auth.Config{
		Algorithm:        f.JwtAlgorithm,
		Keys:             f.keys(c),
		Secret:           []byte(c.secret("JWT_SECRET", f.JwtSecretFile)),
		Issuer:           f.JwtIssuer,
		Audience:         splitList(f.JwtAudience),
		UIDClaim:         c.text("JWT_UID_CLAIM", f.JwtUIDClaim),
		IssuedAtLeeway:   issuedAt,
		ExpirationLeeway: expiration,
		NotBeforeLeeway:  notBefore,
	}
}

// keys returns the public keys of both variables.
func (f *tokenFlags) keys(c *checker) []crypto.PublicKey {
	var keys []crypto.PublicKey
	add := func(name, text string) {
		k, err := auth.ParsePublicKeys(text)
		if err != nil {
			c.fail(name, "%v", err)
		}
		keys = append(keys, k...)
	}
	if f.JwtPublicKey != "" {
		add("JWT_PUBLIC_KEY", f.JwtPublicKey)
	}
	if f.JwtPublicKeyFile != "" {
		add("JWT_PUBLIC_KEY_FILE", c.file("JWT_PUBLIC_KEY_FILE", f.JwtPublicKeyFile))
	}
	return keys
}

// reload gives v the keys that JWT_PUBLIC_KEY_FILE holds now.
func (f *tokenFlags) reload(v *auth.Verifier) error {
	c := new(checker)
	keys := f.keys(c)
	if err := c.err(); err != nil {
		return err
	}
	return v.SetKeys(keys)
}

// leeways returns the three, each with JWT_DEFAULT_LEEWAY before its default.
func (f *tokenFlags) leeways(c *checker) (issuedAt, expiration, notBefore time.Duration) {
	issuedAt = 180 * time.Second
	if f.JwtDefaultLeeway != "" {
		d := c.leeway("JWT_DEFAULT_LEEWAY", f.JwtDefaultLeeway)
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
			*l.value = c.leeway(l.name, l.raw)
		}
	}
	return issuedAt, expiration, notBefore
}

// splitList splits at commas and drops what is blank.
func splitList(list string) []string {
	var items []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
