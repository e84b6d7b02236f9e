// Package redis is what nodes know together about people: the member directory.
// It alone knows go-redis.
package redis

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Config says where the member directory is. Zero values stand for the defaults
// given, except for URL.
type Config struct {
	// URL is that of the Redis, with rediss:// instead of redis:// for TLS. It is
	// never logged.
	//
	//	redis://user:password@host:6379/0            one server; database 0
	//	redis://user:password@host:6379?addr=host2:6379&addr=host3:6379
	//	                                             a Cluster, by some of its nodes
	//	redis://user:password@host:26379/0?addr=host2:26379&master_name=name&username=u&password=p
	//	                                             Sentinels, and the user of the
	//	                                             servers behind them
	//
	// User and password may be left out. Of go-redis's other parameters only
	// skip_verify counts.
	URL string
	// Key is the hash: a field is a member id, its value the uid. It is
	// "ranger:members" by default.
	Key string
	// Wait is how long Find waits for a Redis that does not answer, once an
	// outage; 5 seconds by default.
	Wait time.Duration
	// RefreshEvery is the time between two readings of the whole hash, 30 seconds
	// by default.
	RefreshEvery time.Duration
}

func (c Config) withDefaults() Config {
	c.Key = cmp.Or(c.Key, "ranger:members")
	c.Wait = cmp.Or(c.Wait, 5*time.Second)
	c.RefreshEvery = cmp.Or(c.RefreshEvery, 30*time.Second)
	return c
}

// errURL does not quote the URL, which bears a password, nor what go-redis says
// of it, which may quote a part.
var errURL = errors.New("REDIS_URL: must be like redis://user:password@localhost:6379/0, or rediss://… for TLS, with special characters of user and password percent-encoded; for a Cluster with ?addr=host:port for each further node; for Sentinels also with &master_name=name")

// parseURL returns what a URL says of servers, users and TLS.
func parseURL(text string) (*goredis.UniversalOptions, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" || u.Fragment != "" {
		return nil, errURL
	}
	options := new(goredis.UniversalOptions)
	switch q := u.Query(); {
	case q.Has("master_name"):
		o, err := goredis.ParseFailoverURL(text)
		if err != nil || o.MasterName == "" {
			return nil, errURL
		}
		options.Addrs, options.MasterName = o.SentinelAddrs, o.MasterName
		options.SentinelUsername, options.SentinelPassword = o.SentinelUsername, o.SentinelPassword
		options.Username, options.Password, options.DB, options.TLSConfig = o.Username, o.Password, o.DB, o.TLSConfig
	case q.Has("addr"):
		o, err := goredis.ParseClusterURL(text)
		if err != nil || u.Path != "" && u.Path != "/" {
			return nil, errURL // a Cluster has no other database than 0
		}
		options.Addrs, options.IsClusterMode = o.Addrs, true
		options.Username, options.Password, options.TLSConfig = o.Username, o.Password, o.TLSConfig
	default:
		o, err := goredis.ParseURL(text)
		if err != nil {
			return nil, errURL
		}
		options.Addrs = []string{o.Addr}
		options.Username, options.Password, options.DB, options.TLSConfig = o.Username, o.Password, o.DB, o.TLSConfig
	}
	for _, addr := range options.Addrs {
		_, port, err := net.SplitHostPort(addr)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 {
			return nil, errURL
		}
	}
	return options, nil
}
