package auth

import (
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// maxToken is the maximum length of a token in bytes: the default limit of a client's
// message, and twenty times the length of Barong's tokens.
const maxToken = 16 << 10

// parser parses tokens and verifies their signature by one algorithm. It is safe for
// concurrent use.
type parser struct {
	algorithm string
	jwt       *jwt.Parser
}

func newParser(algorithm string) parser {
	return parser{algorithm, jwt.NewParser(
		jwt.WithValidMethods([]string{algorithm}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // it has one leeway for all three times
	)}
}

// parse verifies the signature of a token and returns the token and its claims, which are
// not checked. key is a key or key set of golang-jwt. If the token is refused, it may be
// nil or incomplete, and its claims too.
func (p parser) parse(text string, key any) (*jwt.Token, *claims, Reason) {
	c := new(claims)
	// Even the strict decoders of encoding/base64 ignore line breaks.
	if len(text) > maxToken || strings.ContainsAny(text, "\r\n") {
		return nil, c, Malformed
	}
	token, err := p.jwt.ParseWithClaims(text, c, func(*jwt.Token) (any, error) { return key, nil })
	return token, c, p.check(token, err)
}

// check returns why a token is refused, given the result of golang-jwt, or accepted. If
// err is not nil, token may be nil or incomplete.
func (p parser) check(token *jwt.Token, err error) Reason {
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return Malformed
	case token.Method == nil || token.Method.Alg() != p.algorithm:
		return Algorithm
	case err != nil:
		return BadSignature
	}
	// A token with extensions that are not understood must be refused (RFC 7515 §4.1.11).
	if _, present := token.Header["crit"]; present {
		return Malformed
	}
	return accepted
}
