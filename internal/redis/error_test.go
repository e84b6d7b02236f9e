package redis_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ranger/internal/redis"
	"ranger/internal/testenv"
)

// The outage is logged once with its cause, and ends when the cause is removed.
func TestDirectory_ErrorOfRedisIsAnOutage(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	hash := []any{"HSET", "ranger:members", "11", "IDELEVEN"}
	for _, tt := range []struct {
		name, user string
		before     [][]any // commands that cause the error
		want       string  // part of the error
		after      [][]any // commands that remove the cause
	}{
		{"the key is not a hash", "", [][]any{{"SET", "ranger:members", "x"}}, "WRONGTYPE", [][]any{{"DEL", "ranger:members"}, hash}},
		{"no password", "", [][]any{hash, {"ACL", "SETUSER", "admin", "on", "nopass", "~*", "+@all"}, {"CONFIG", "SET", "requirepass", secret}}, "NOAUTH", [][]any{{"CONFIG", "SET", "requirepass", ""}}},
		{"a wrong password", "ranger:" + secret + "@", [][]any{hash}, "WRONGPASS", [][]any{{"ACL", "SETUSER", "ranger", "on", ">" + secret, "~ranger:members", "+hget", "+hscan"}}},
		{"HGET not allowed", "ranger:" + secret + "@", [][]any{hash, {"ACL", "SETUSER", "ranger", "on", ">" + secret, "~*", "+hscan"}}, "NOPERM", [][]any{{"ACL", "SETUSER", "ranger", "+hget"}}},
		{"HSCAN not allowed", "ranger:" + secret + "@", [][]any{hash, {"ACL", "SETUSER", "ranger", "on", ">" + secret, "~*", "+hget"}}, "NOPERM", [][]any{{"ACL", "SETUSER", "ranger", "+hscan"}}},
		{"key not allowed", "ranger:" + secret + "@", [][]any{hash, {"ACL", "SETUSER", "ranger", "on", ">" + secret, "~other", "+hget", "+hscan"}}, "NOPERM", [][]any{{"ACL", "SETUSER", "ranger", "~ranger:members"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			admin := s.client().Conn()
			defer admin.Close() //nolint:errcheck // the server ends
			for _, command := range tt.before {
				check(t, admin.Do(t.Context(), command...).Err())
			}
			n := startNode(t, redis.Config{URL: s.url(tt.user), RefreshEvery: 10 * time.Millisecond})
			n.awaitLog(1, outageBegins)
			n.Age(never) // the outage has lasted for Config.Wait
			n.find("11", "")
			n.find("11", "")
			st := n.Status()
			if st.Connected || st.Error == nil || !strings.Contains(st.Error.Error(), tt.want) || st.Loaded || !st.Settled {
				t.Errorf("got status %+v, want an outage with %s, not loaded, but settled", st, tt.want)
			}
			for _, command := range tt.after {
				check(t, admin.Do(t.Context(), command...).Err())
			}
			n.awaitLog(1, "the member directory is loaded")
			n.awaitLog(1, outageEnds)
			n.find("11", "IDELEVEN")
			n.logged(1, outageBegins)
			n.logged(1, tt.want)
			n.logged(0, secret)
		})
	}
}

func TestDirectory_KeepsMembersIfHashIsUnreadable(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	c := newClient(t, testenv.Redis(t))
	fill(t, key, 3)
	n := startLoaded(t, redis.Config{URL: testenv.Redis(t), Key: key, RefreshEvery: 10 * time.Millisecond})
	check(t, c.Set(t.Context(), key, "not a hash", 0).Err())
	n.awaitLog(1, outageBegins)
	for i := range 3 {
		n.wantUID(strconv.Itoa(i), uidOf(i))
	}
	check(t, c.Del(t.Context(), key).Err())
	n.awaitLog(1, outageEnds)
}

func TestFind_WaitsWhileRedisIsLoading(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--dbfilename", "dump.rdb", "--rdbcompression", "no")
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	keys := []any{"MSET"}
	for i := range 5000 {
		keys = append(keys, "key "+strconv.Itoa(i), strings.Repeat("x", 2000))
	}
	s.do(keys...)
	s.do("SAVE")
	s.kill()
	// Loading takes a quarter of a second per key until the delay is changed.
	s.start("--key-load-delay", "250000", "--loading-process-events-interval-bytes", "1024")
	n := startNode(t, redis.Config{URL: s.url(""), RefreshEvery: never})
	n.awaitLog(1, outageBegins)
	n.logged(1, "LOADING")
	var finding sync.WaitGroup
	finding.Go(func() { n.find("11", "IDELEVEN") }) // it waits until the server has loaded
	s.do("CONFIG", "SET", "key-load-delay", 0)
	finding.Wait()
	n.awaitLog(1, outageEnds)
	n.logged(1, outageBegins)
}

// The server quotes unknown commands in its errors.
func TestDirectory_DoesNotLogPassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	s := newServer(t, "--rename-command", "AUTH", "", "--rename-command", "HELLO", "")
	n := startNode(t, redis.Config{URL: s.url(":" + secret + "@")})
	n.awaitLog(1, outageBegins)
	n.logged(1, "***")
	n.logged(0, secret)
	if err := n.Status().Error; err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("got Status.Error %v, want an error without the password", err)
	}
}
