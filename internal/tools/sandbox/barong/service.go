// Package barong is the sandbox's identity service: users, passwords, TOTP codes,
// sessions and API keys of Barong 1.8 and 2.x, as far as a client of the exchange's API
// needs them. It is a toy: its users are configured with their passwords, which it
// returns to everyone, and all other data is in memory and bounded.
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

// perUser is the limit of sessions, and of API keys of either kind, per user. A further
// session ends the oldest one; a further key is refused.
const perUser = 100

// Config configures a Service. Users, Signer and Verifier are required.
type Config struct {
	Users []User
	// Signer signs session tokens; with RS256, clients see no difference from Barong.
	Signer *auth.Signer
	// Verifier verifies tokens of Signer.
	Verifier Verifier
	// TokenLife is the lifetime of session tokens if a client of 1.8 requests no other.
	// Default 4 h. Tokens for a gateway of 2.x have it too, but at most 1 h. API keys of
	// 1.8 have a lifetime of their own.
	TokenLife time.Duration
	// Now is the clock for TOTP codes, nonces, sessions and keys; Signer dates tokens.
	// Default time.Now.
	Now func() time.Time
	// Log receives refused sign-ins and errors. Default: none.
	Log *slog.Logger
}

// User is a user that may sign in.
type User struct {
	UID             event.UID
	Email, Password string
	// TOTPSecret is in Base32, as for authenticator apps. Without one the user has no
	// second factor and may not have API keys.
	TOTPSecret string
	Level      int    // default 3
	Role       string // default "member"
}

// Verifier verifies session tokens, as auth.Verifier does.
type Verifier interface {
	// Verify returns the identity of a token. An invalid token is an error that wraps
	// event.ErrRefused; after any other error the token is not verified.
	Verify(ctx context.Context, token string, peer netip.AddrPort) (event.Identity, error)
}

// Service is the identity service. Its methods are safe for concurrent use.
type Service struct {
	// Fixed at construction.
	cfg       Config
	users     []*User          // in the order of Config.Users
	byEmail   map[string]*User // by lower-case address
	byUID     map[event.UID]*User
	created   time.Time // created_at of the users
	resources map[string]resource

	sessions   ownedStore[session]
	publicKeys ownedStore[publicKey]
	secretKeys ownedStore[secretKey]
}

// v1 has the endpoints of Barong 1.8, v2 those of 2.x.
type (
	v1 struct{ *Service }
	v2 struct{ *Service }
)

// New returns a Service. Its error names every invalid field of cfg.
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
		sessions:   newOwnedStore[session](perUser),
		publicKeys: newOwnedStore[publicKey](perUser),
		secretKeys: newOwnedStore[secretKey](perUser),
	}
	var errs []error
	if cfg.Signer == nil {
		errs = append(errs, errors.New("signer: must be set"))
	}
	if cfg.Verifier == nil {
		errs = append(errs, errors.New("verifier: must be set"))
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

// add adds a user.
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
		return fmt.Errorf("user %s: email: must not be blank", user.UID)
	case user.Password == "":
		return fmt.Errorf("user %q: password: must not be empty", user.Email)
	case s.byEmail[email] != nil:
		return fmt.Errorf("user %q: email: used by two users", user.Email)
	case s.byUID[user.UID] != nil:
		return fmt.Errorf("user %q: uid %s: used by two users", user.Email, user.UID)
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

// signIn returns the user with that email and password, or nil.
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
