package auth

import "ranger/internal/event"

// Reason says which check a bad token failed. The set is closed: a Reason is fit
// for the label of a metric.
type Reason string

// The reasons, in the order of the checks.
const (
	// Malformed: not three parts in strict Base64url without padding, too long,
	// header or claims not a JSON object, or an extension that must be understood.
	Malformed Reason = "malformed"
	// Algorithm: the header's alg is not the configured one.
	Algorithm Reason = "algorithm"
	// BadSignature: none of the keys made the signature.
	BadSignature Reason = "bad_signature"
	// NoExpiry: there is no exp.
	NoExpiry Reason = "no_expiry"
	// BadClaim: exp, nbf or iat is no number or no date before the year 10000, or
	// api_kid is no string.
	BadClaim Reason = "bad_claim"
	// Expired: exp has passed.
	Expired Reason = "expired"
	// NotYetValid: nbf lies ahead.
	NotYetValid Reason = "not_yet_valid"
	// IssuedInFuture: iat lies ahead: clocks differ by more than the leeway.
	IssuedInFuture Reason = "issued_in_future"
	// Issuer: iss is not the configured one.
	Issuer Reason = "issuer"
	// Audience: aud names none of the configured ones, or is of the wrong kind.
	Audience Reason = "audience"
	// Subject: sub is not "session".
	Subject Reason = "subject"
	// TokenID: jti is missing, blank or no string.
	TokenID Reason = "token_id"
	// UID: the user's claim is missing, blank, too long, has control characters,
	// or is no string.
	UID Reason = "uid"
	// State: state is there and not "active".
	State Reason = "state"
	// NoBearer: it was no Bearer token at all.
	NoBearer Reason = "no_bearer"

	accepted Reason = ""
)

// Reasons returns every Reason as Metrics may get it.
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

// RefusalError is the error for a bad token. It wraps event.ErrRefused. One of a
// Verifier has been counted and logged.
type RefusalError struct {
	Reason Reason
}

// Error says why, and nothing of the token.
func (e *RefusalError) Error() string {
	return event.ErrRefused.Error() + ": " + string(e.Reason)
}

// Unwrap returns event.ErrRefused.
func (e *RefusalError) Unwrap() error { return event.ErrRefused }
