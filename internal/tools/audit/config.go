package audit

import (
	"cmp"
	"context"
	"net"
	"time"

	"ranger/internal/event"
)

// Config describes a run. A zero value selects the default given at the field.
type Config struct {
	// Nodes are the ws:// or wss:// URLs of the nodes; at least one. Each connect
	// uses one of them at random.
	Nodes []string
	// Connect opens a connection to the broker. One goroutine calls it, again each
	// time that a connection has ended.
	Connect func(context.Context) (Publisher, error)
	// Token returns a valid session token. It is called for each socket and each
	// renewal, from several goroutines.
	Token func(event.UID) (string, error)

	Users    int           // number of users, 100 by default
	Sockets  int           // clients of each user, 1 by default
	Rate     int           // events per second, 100 by default
	Duration time.Duration // time for which new events are published, 30 s by default
	// Settle is the longest wait for the last confirms, and after it the longest
	// wait for the last deliveries; 30 s by default.
	Settle time.Duration
	// Cut is the interval at which the connection of one random client is broken.
	// 0: never.
	Cut time.Duration
	// Heartbeat is the HEARTBEAT_INTERVAL of the nodes, 15 s by default.
	Heartbeat time.Duration
	// NoRetry disables retries: events that were not confirmed at the first try
	// are not expected at clients, which may receive them or not.
	NoRetry bool

	// Started, if set, is called once, when all clients have a position and before
	// the first event. The run waits until it returns.
	Started func()
	// Progress, if set, is called every 5 s while the run publishes, with the
	// counts so far. Lost, unannounced, duplicated and most reordered events are
	// counted only at the end. Calls do not overlap.
	Progress func(Report)
	// Found, if set, is called with each finding that is kept, when it is made.
	// Calls may be concurrent.
	Found func(Finding)
	// Dial opens the connections of clients; by default net.Dialer does.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

func (cfg Config) withDefaults() Config {
	cfg.Users = cmp.Or(cfg.Users, 100)
	cfg.Sockets = cmp.Or(cfg.Sockets, 1)
	cfg.Rate = cmp.Or(cfg.Rate, 100)
	cfg.Duration = cmp.Or(cfg.Duration, 30*time.Second)
	cfg.Settle = cmp.Or(cfg.Settle, 30*time.Second)
	cfg.Heartbeat = cmp.Or(cfg.Heartbeat, 15*time.Second)
	if cfg.Started == nil {
		cfg.Started = func() {}
	}
	return cfg
}
