package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// answerTime is how long one command may take at most, dialling included.
const answerTime = 2 * time.Second

// atOnce is how many commands may be under way over one link.
const atOnce = 3

// poolSize is far above what atOnce commands can need, retries and the nodes of
// a Cluster included: once as many dials have failed, go-redis leaves a goroutine
// behind that outlives Close.
const poolSize = 64

// link is one client, from its making to its first fault.
type link struct {
	client goredis.UniversalClient // fixed at construction
	turns  chan struct{}           // has room for atOnce
	failed chan struct{}           // closed once a command over it got no answer
	dead   bool                    // failed is closed; guarded by the mu of health
}

// newLink returns a client that dials when it is first used. A command takes as
// long as within at most. Its dials end with life; close ends the rest.
func newLink(life context.Context, options goredis.UniversalOptions, within time.Duration) *link {
	options.Dialer = dialer(life, options.TLSConfig, within)
	options.DialTimeout = within
	options.ReadTimeout = within
	options.WriteTimeout = within
	options.PoolTimeout = within
	options.ContextTimeoutEnabled = true
	options.DialerRetries = 1
	options.MaxRetries = 1 // a connection that the server closed while it was idle is no outage
	options.PoolSize = poolSize
	options.PipelinePoolSize = -1
	// No more than the commands that we need, which a user must be allowed.
	options.Protocol = 2
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &link{
		client: goredis.NewUniversalClient(&options),
		turns:  make(chan struct{}, atOnce),
		failed: make(chan struct{}),
	}
}

// do runs a command when it is its turn. The error is errFailed once another one
// got no answer.
func (l *link) do(ctx context.Context, command func(context.Context) error) error {
	select {
	case <-l.failed:
		return errFailed
	case <-ctx.Done():
		return ctx.Err()
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
		return command(ctx)
	}
}

// errFailed is why a command did not run: another one over the link got no
// answer.
var errFailed = errors.New("the link has failed")

// dialer dials as go-redis would, but also ends with life, TLS included.
func dialer(life context.Context, config *tls.Config, within time.Duration) func(context.Context, string, string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: within}
	dial := plain.DialContext
	if config != nil {
		dial = (&tls.Dialer{NetDialer: plain, Config: config}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(life, cancel)()
		return dial(ctx, network, addr)
	}
}

// isTimeout reports whether err says that time ran out.
func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// isOver reports whether ctx is done, or will be when its timer gets to run: a
// connection's deadline may be noticed first.
func isOver(ctx context.Context) bool {
	due, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(due)
}

// tell returns err as it may be told: without a password, which a server that
// does not know AUTH says back.
func tell(err error, within time.Duration, secrets ...string) error {
	if isTimeout(err) {
		return fmt.Errorf("no answer within %s", within.Round(time.Millisecond))
	}
	text := err.Error()
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return errors.New(text)
}

// advice says what an operator can do about err.
func advice(err error) string {
	is := func(prefix string) bool { return goredis.HasErrorPrefix(err, prefix) }
	switch {
	case is("WRONGTYPE"):
		return "the key of MEMBER_DIRECTORY holds something else than a hash: name another, or delete it"
	case is("NOAUTH"):
		return "Redis wants a password: check REDIS_URL"
	case is("WRONGPASS"):
		return "Redis refused the user or the password: check REDIS_URL"
	case is("NOPERM"):
		return "the user of REDIS_URL lacks a permission: it needs HGET and HSCAN on the key of MEMBER_DIRECTORY"
	case is("MOVED"), is("CLUSTERDOWN"):
		return "the server is a node of a Cluster: see that it has all slots, and add ?addr=host:port to REDIS_URL, for itself or another node"
	case is("LOADING"):
		return "Redis is reading its data after a start: wait"
	}
	return "is Redis up? check REDIS_URL"
}
