package barong

import (
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// totpPeriod is the time for which a TOTP code is current; its predecessor and successor
// are accepted too. A code may be used again, because scripts do not wait for the next.
const totpPeriod = 30 * time.Second

// totpOptions returns the options of authenticator apps.
func totpOptions() totp.ValidateOpts {
	return totp.ValidateOpts{Period: uint(totpPeriod / time.Second), Skew: 1, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
}

// code returns the TOTP code of a secret at a time.
func code(secret string, now time.Time) (string, error) {
	return totp.GenerateCodeCustom(secret, now, totpOptions())
}

// Code returns the current TOTP code of a user. ok is false for an unknown email and for a
// user without a second factor.
func (s *Service) Code(email string) (totp string, ok bool) {
	user := s.byEmail[strings.ToLower(email)]
	if user == nil || user.TOTPSecret == "" {
		return "", false
	}
	totp, err := code(user.TOTPSecret, s.cfg.Now())
	return totp, err == nil
}

// codeValid reports whether passcode is a current code of the user; false without a
// secret.
func (s *Service) codeValid(user *User, passcode string) bool {
	if user.TOTPSecret == "" {
		return false
	}
	ok, err := totp.ValidateCustom(passcode, user.TOTPSecret, s.cfg.Now(), totpOptions())
	return ok && err == nil // an error means a wrong length
}
