// Package barong is the sandbox's identity service: users, passwords, TOTP codes,
// sessions and API keys as Barong 1.8 and 2.x have them, so far as a client of the
// exchange's API needs them. It is a toy: its users are given to it with their
// passwords, which it tells to whoever asks, and all else is in memory and bounded.
package barong

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"ranger/internal/auth"
	"ranger/internal/event"
)

// perUser is how many sessions, and how many API keys of either kind, a user may
// have. A session more ends the user's oldest; a key more is refused.
const perUser = 100

// Config is what a Service needs. Users, Signer and Verifier must be there.
type Config struct {
	Users []User
	// Signer signs session tokens, with RS256 where clients are to notice no
	// difference from Barong.
	Signer *auth.Signer
	// Verifier checks tokens that Signer signed when they come back.
	Verifier Verifier
	// TokenLife is how long a session token is good where the client of 1.8 asks for
	// no other time. Default 4 h. Those for a gateway of 2.x are good for as long,
	// but at most 1 h; API keys of 1.8 have a time of their own.
	TokenLife time.Duration
	// Now is the clock of TOTP codes, nonces, sessions and keys; tokens are dated by
	// Signer. Default time.Now.
	Now func() time.Time
	// Log gets a line for a refused sign-in, and for a fault. Default none.
	Log *slog.Logger
}

// User is somebody who may sign in.
type User struct {
	UID             event.UID
	Email, Password string
	// TOTPSecret is in Base32, as authenticator apps take it. Without one the user
	// has no second factor, and so may not have API keys.
	TOTPSecret string
	Level      int    // default 3
	Role       string // default "member"
}

// Verifier checks session tokens; auth.Verifier is one.
type Verifier interface {
	// Verify returns whom the token names. A bad token is an error that wraps
	// event.ErrRefused; any other error says that it could not be checked.
	Verify(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error)
}

// Service is the identity service. Its methods are safe for concurrent use.
type Service struct {
	// Fixed at construction.
	cfg       Config
	users     []*User          // as they were given
	byEmail   map[string]*User // by the address in lower case
	byUID     map[event.UID]*User
	created   time.Time // of the users
	resources map[string]resource

	sessions   owned[session]
	publicKeys owned[publicKey]
	secretKeys owned[secretKey]
}

// New returns a Service, or an error for every field of cfg that is wrong.
func New(cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.TokenLife == 0 {
		cfg.TokenLife = 4 * time.Hour
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		cfg:        cfg,
		byEmail:    make(map[string]*User, len(cfg.Users)),
		byUID:      make(map[event.UID]*User, len(cfg.Users)),
		created:    cfg.Now(),
		sessions:   newOwned[session](perUser),
		publicKeys: newOwned[publicKey](perUser),
		secretKeys: newOwned[secretKey](perUser),
	}
	var errs []error
	if cfg.Signer == nil {
		errs = append(errs, errors.New("there is no signer"))
	}
	if cfg.Verifier == nil {
		errs = append(errs, errors.New("there is no verifier"))
	}
	if cfg.TokenLife < 0 {
		errs = append(errs, fmt.Errorf("token life %s: must not be negative", cfg.TokenLife))
	}
	for _, user := range cfg.Users {
		errs = append(errs, s.add(user))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.resources = s.routes()
	return s, nil
}

// add takes in a user.
func (s *Service) add(user User) error {
	if user.Level == 0 {
		user.Level = 3
	}
	if user.Role == "" {
		user.Role = "member"
	}
	email := strings.ToLower(user.Email)
	switch _, ok := event.ParseUID(string(user.UID)); {
	case !ok:
		return fmt.Errorf("user %q: uid %.64q: must not be blank, hold control characters, or be longer than %d bytes", user.Email, user.UID, event.MaxUID)
	case strings.TrimSpace(email) == "":
		return fmt.Errorf("user %s: there is no email", user.UID)
	case user.Password == "":
		return fmt.Errorf("user %q: there is no password", user.Email)
	case s.byEmail[email] != nil:
		return fmt.Errorf("user %q: there are two with this email", user.Email)
	case s.byUID[user.UID] != nil:
		return fmt.Errorf("user %q: there are two with the uid %s", user.Email, user.UID)
	}
	if user.TOTPSecret != "" {
		if _, err := code(user.TOTPSecret, s.cfg.Now()); err != nil {
			return fmt.Errorf("user %q: TOTP secret: %w", user.Email, err)
		}
	}
	s.users = append(s.users, &user)
	s.byEmail[email], s.byUID[user.UID] = &user, &user
	return nil
}

// signIn returns the user with that email and password, nil for none.
func (s *Service) signIn(email, password string) *User {
	user, known := s.byEmail[strings.ToLower(email)]
	if !known {
		user = new(User)
	}
	want, got := sha256.Sum256([]byte(user.Password)), sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(want[:], got[:]) != 1 || !known {
		return nil
	}
	return user
}
