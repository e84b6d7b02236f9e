package barong

import (
	"errors"

	"ranger/internal/auth"
)

// rubyError returns the error text of ruby-jwt 2.1.0, which Barong 1.8 uses, for an
// invalid token of a client.
func rubyError(err error) string {
	refusal, ok := errors.AsType[*auth.RefusalError](err)
	if !ok {
		return "JWT::DecodeError: " + err.Error()
	}
	switch refusal.Reason {
	case auth.Malformed:
		return "JWT::DecodeError: Not enough or too many segments"
	case auth.Algorithm:
		return "JWT::IncorrectAlgorithm: Expected a different algorithm"
	case auth.BadSignature:
		return "JWT::VerificationError: Signature verification raised"
	case auth.Expired:
		return "JWT::ExpiredSignature: Signature has expired"
	case auth.NotYetValid:
		return "JWT::ImmatureSignature: Signature nbf has not been reached"
	case auth.IssuedInFuture:
		return "JWT::InvalidIatError: Invalid iat"
	case auth.Issuer:
		return "JWT::InvalidIssuerError: Invalid issuer. Expected external"
	case auth.Subject:
		return "JWT::InvalidSubError: Invalid subject. Expected api_key_jwt"
	case auth.TokenID:
		return "JWT::InvalidJtiError: Missing jti"
	default: // a date of the wrong type
		return "JWT::InvalidPayload: exp, nbf and iat must be numbers"
	}
}
