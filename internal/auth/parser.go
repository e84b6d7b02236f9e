package auth

import (
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// maxToken is the longest token in bytes that is looked at: what fits into a
// client's message by default, and twenty times what Barong signs.
const maxToken = 16 << 10

// parser takes tokens apart, and checks that they are signed by the one method that
// it knows. Safe for concurrent use.
type parser struct {
	algorithm string
	jwt       *jwt.Parser
}

func newParser(algorithm string) parser {
	return parser{algorithm, jwt.NewParser(
		jwt.WithValidMethods([]string{algorithm}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // one leeway for all three; claims.go has three
	)}
}

// parse returns a token and its claims, which nothing has been checked of yet. Key
// is what golang-jwt takes for one. Where the token is refused, it may be nil or in
// part empty, and its claims too.
func (p parser) parse(text string, key any) (*jwt.Token, *claims, Reason) {
	c := new(claims)
	// Even a strict Base64 decoder of encoding/base64 passes over line breaks.
	if len(text) > maxToken || strings.ContainsAny(text, "\r\n") {
		return nil, c, Malformed
	}
	token, err := p.jwt.ParseWithClaims(text, c, func(*jwt.Token) (any, error) { return key, nil })
	return token, c, p.check(token, err)
}

// check tells from what golang-jwt returned whether the token is whole and signed
// as it must be. Where err is not nil, token may be nil or in part empty.
func (p parser) check(token *jwt.Token, err error) Reason {
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Malformed
	case token.Method == nil || token.Method.Alg() != p.algorithm:
		return Algorithm
	case err != nil:
		return BadSignature
	}
	// What it names must be understood, or the token refused (RFC 7515 §4.1.11).
	if _, present := token.Header["crit"]; present {
		return Malformed
	}
	return accepted
}
