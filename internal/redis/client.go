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

// answerTimeout is the maximum time of one command, including the dial.
const answerTimeout = 2 * time.Second

// maxInFlight is the maximum number of commands in flight over one link.
const maxInFlight = 3

// poolSize is far more than maxInFlight commands can need, including retries and the
// nodes of a Cluster: after poolSize failed dials, go-redis starts a goroutine that
// outlives Close.
const poolSize = 64

// link is one client of go-redis, which is used until its first error.
type link struct {
	client goredis.UniversalClient // fixed at construction
	slots  chan struct{}           // semaphore of maxInFlight
	failed chan struct{}           // closed once a command got no answer
	dead   bool                    // failed is closed; guarded by health.mu
}

// newLink returns a link that dials when it is first used. timeout bounds each command.
// Dials end when ctx is done; client.Close ends everything else.
func newLink(ctx context.Context, options goredis.UniversalOptions, timeout time.Duration) *link {
	options.Dialer = dialer(ctx, options.TLSConfig, timeout)
	options.DialTimeout = timeout
	options.ReadTimeout = timeout
	options.WriteTimeout = timeout
	options.PoolTimeout = timeout
	options.ContextTimeoutEnabled = true
	options.DialerRetries = 1
	options.MaxRetries = 1 // a connection that the server closed while it was idle is not an outage
	options.PoolSize = poolSize
	options.PipelinePoolSize = -1
	// Send only the commands that docs/operations.md asks permissions for.
	options.Protocol = 2
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &link{
		client: goredis.NewUniversalClient(&options),
		slots:  make(chan struct{}, maxInFlight),
		failed: make(chan struct{}),
	}
}

// do waits for a slot and calls command. It returns errFailed if the link has failed.
func (l *link) do(ctx context.Context, command func(context.Context) error) error {
	select {
	case <-l.failed:
		return errFailed
	case <-ctx.Done():
		return ctx.Err()
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
		return command(ctx)
	}
}

// errFailed is returned for a command that was not sent, because another one over the
// link got no answer.
var errFailed = errors.New("the link has failed")

// dialer returns a dial function like go-redis's own that also ends when life is done,
// during a TLS handshake too.
func dialer(life context.Context, config *tls.Config, timeout time.Duration) func(context.Context, string, string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: timeout}
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

// isTimeout reports whether err is a timeout.
func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// isOver reports whether ctx is done or its deadline has passed: a connection may notice
// a deadline before the timer of ctx fires.
func isOver(ctx context.Context) bool {
	due, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(due)
}

// redact returns err without the secrets: a server that does not know AUTH quotes the
// password in its answer.
func redact(err error, timeout time.Duration, secrets ...string) error {
	if isTimeout(err) {
		return fmt.Errorf("no answer within %s", timeout.Round(time.Millisecond))
	}
	text := err.Error()
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return errors.New(text)
}

// advice returns what an operator can do about err.
func advice(err error) string {
	is := func(prefix string) bool { return goredis.HasErrorPrefix(err, prefix) }
	switch {
	case is("WRONGTYPE"):
		return "the key of MEMBER_DIRECTORY is not a hash: name another key, or delete it"
	case is("NOAUTH"):
		return "Redis requires a password: check REDIS_URL"
	case is("WRONGPASS"):
		return "Redis refused the user or the password: check REDIS_URL"
	case is("NOPERM"):
		return "the user of REDIS_URL lacks a permission: it needs HGET and HSCAN on the key of MEMBER_DIRECTORY"
	case is("MOVED"), is("CLUSTERDOWN"):
		return "the server is a node of a Cluster: check that all slots are assigned, and add ?addr=host:port to REDIS_URL, for this or another node"
	case is("LOADING"):
		return "Redis is loading its data after a start: wait"
	}
	return "check that Redis is running, and check REDIS_URL"
}
