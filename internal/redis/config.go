// Package redis reads the member directory, a hash in Redis that maps Peatio's member
// ids to uids.
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

// Config is the location of the member directory. Zero values select the defaults; URL
// has none.
type Config struct {
	// URL is the address of Redis, with rediss:// instead of redis:// for TLS. It is
	// never logged.
	//
	//	redis://user:password@host:6379/0            one server, database 0
	//	redis://user:password@host:6379?addr=host2:6379&addr=host3:6379
	//	                                             a Cluster, given some of its nodes
	//	redis://user:password@host:26379/0?addr=host2:26379&master_name=name&username=u&password=p
	//	                                             Sentinels, and the user at the
	//	                                             servers that they monitor
	//
	// User and password are optional. Of go-redis's other parameters only skip_verify
	// is used.
	URL string
	// Key is the name of the hash. Its fields are member ids, its values uids. Default
	// "ranger:members".
	Key string
	// Wait is how long Find waits for Redis during an outage. Once an outage has lasted
	// that long, Find does not wait. Default 5 s.
	Wait time.Duration
	// RefreshEvery is the interval at which the whole hash is read. Default 30 s.
	RefreshEvery time.Duration
}

func (c Config) withDefaults() Config {
	c.Key = cmp.Or(c.Key, "ranger:members")
	c.Wait = cmp.Or(c.Wait, 5*time.Second)
	c.RefreshEvery = cmp.Or(c.RefreshEvery, 30*time.Second)
	return c
}

// errURL quotes neither the URL, which contains a password, nor go-redis's error, which
// may quote a part of it.
var errURL = errors.New("REDIS_URL: must be like redis://user:password@localhost:6379/0, or rediss://… for TLS, with special characters of user and password percent-encoded; for a Cluster add ?addr=host:port for each other node; for Sentinels also &master_name=name")

// parseURL returns the servers, users and TLS settings of a URL.
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
			return nil, errURL // a Cluster has only database 0
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
		if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 {
			return nil, errURL
		}
	}
	return options, nil
}
