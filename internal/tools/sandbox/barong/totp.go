package barong

import (
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// totpPeriod is for how long a TOTP code is the current one; those just before and
// just after it are taken too. A code may be used again: a sandbox is for scripts,
// which do not wait for the next one.
const totpPeriod = 30 * time.Second

// totpOptions are those of authenticator apps.
func totpOptions() totp.ValidateOpts {
	return totp.ValidateOpts{Period: uint(totpPeriod / time.Second), Skew: 1, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
}

// code returns the TOTP code of a secret at that moment.
func code(secret string, now time.Time) (string, error) {
	return totp.GenerateCodeCustom(secret, now, totpOptions())
}

// Code returns the current TOTP code of a user, for the page and the shell of a
// sandbox. It reports false for an email that nobody has, and for a user without a
// second factor.
func (s *Service) Code(email string) (totp string, ok bool) {
	user := s.byEmail[strings.ToLower(email)]
	if user == nil || user.TOTPSecret == "" {
		return "", false
	}
	totp, err := code(user.TOTPSecret, s.cfg.Now())
	return totp, err == nil
}

// codeFits says whether this is a user's code now; it never is without a secret.
func (s *Service) codeFits(user *User, passcode string) bool {
	if user.TOTPSecret == "" {
		return false
	}
	ok, err := totp.ValidateCustom(passcode, user.TOTPSecret, s.cfg.Now(), totpOptions())
	return ok && err == nil // an error is of the passcode's length
}
