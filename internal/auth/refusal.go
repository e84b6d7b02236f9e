package auth

import "ranger/internal/event"

// Reason is the check that a refused token failed. The set is closed, so a Reason may
// label a metric.
type Reason string

// The reasons, in the order of the checks.
const (
	// Malformed: not three parts in strict Base64url without padding, too long, header
	// or claims not a JSON object, or an extension that is not supported.
	Malformed Reason = "malformed"
	// Algorithm: the alg of the header is not the configured one.
	Algorithm Reason = "algorithm"
	// BadSignature: no key verifies the signature.
	BadSignature Reason = "bad_signature"
	// NoExpiry: exp is absent.
	NoExpiry Reason = "no_expiry"
	// BadClaim: exp, nbf or iat is not a number, or not before the year 10000, or
	// api_kid is not a string.
	BadClaim Reason = "bad_claim"
	// Expired: exp has passed.
	Expired Reason = "expired"
	// NotYetValid: nbf is in the future.
	NotYetValid Reason = "not_yet_valid"
	// IssuedInFuture: iat is in the future; clocks differ by more than the leeway.
	IssuedInFuture Reason = "issued_in_future"
	// Issuer: iss is not the configured one.
	Issuer Reason = "issuer"
	// Audience: aud has none of the configured names, or is of another type.
	Audience Reason = "audience"
	// Subject: sub is not "session".
	Subject Reason = "subject"
	// TokenID: jti is absent, blank or not a string.
	TokenID Reason = "token_id"
	// UID: the claim with the uid is absent, blank, too long, has control characters, or
	// is not a string.
	UID Reason = "uid"
	// State: state is present and not "active".
	State Reason = "state"
	// NoBearer: the client did not send a Bearer token.
	NoBearer Reason = "no_bearer"

	accepted Reason = ""
)

// Reasons returns every Reason that Metrics may get.
func Reasons() []string {
	reasons := []Reason{
		Malformed, Algorithm, BadSignature, NoExpiry, BadClaim, Expired, NotYetValid,
		IssuedInFuture, Issuer, Audience, Subject, TokenID, UID, State, NoBearer,
	}
	names := make([]string, len(reasons))
	for i, reason := range reasons {
		names[i] = string(reason)
	}
	return names
}

// RefusalError is the error for a refused token. It wraps event.ErrRefused. A Verifier has
// counted and logged it.
type RefusalError struct {
	Reason Reason
}

// Error returns the reason. It contains nothing of the token.
func (e *RefusalError) Error() string {
	return event.ErrRefused.Error() + ": " + string(e.Reason)
}

// Unwrap returns event.ErrRefused.
func (e *RefusalError) Unwrap() error { return event.ErrRefused }
