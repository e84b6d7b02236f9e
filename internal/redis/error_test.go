package redis_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"ranger/internal/redis"
)

// TestErrorIsNoAbsence: what Redis refuses is an outage, told once with its
// cause, and over when the cause is gone.
func TestErrorIsNoAbsence(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	hash := []any{"HSET", "ranger:members", "11", "IDELEVEN"}
	for _, tt := range []struct {
		name, user string
		before     [][]any // commands that make the fault
		want       string  // what is told
		after      [][]any // that mend it
	}{
		{"the key is no hash", "", [][]any{{"SET", "ranger:members", "x"}}, "WRONGTYPE", [][]any{{"DEL", "ranger:members"}, hash}},
		{"no password given", "", [][]any{hash, {"ACL", "SETUSER", "admin", "on", "nopass", "~*", "+@all"}, {"CONFIG", "SET", "requirepass", secret}}, "NOAUTH", [][]any{{"CONFIG", "SET", "requirepass", ""}}},
		{"a wrong password", "ranger:" + secret + "@", [][]any{hash}, "WRONGPASS", [][]any{{"ACL", "SETUSER", "ranger", "on", ">" + secret, "~ranger:members", "+hget", "+hscan"}}},
		{"HGET not allowed", "ranger:" + secret + "@", [][]any{hash, {"ACL", "SETUSER", "ranger", "on", ">" + secret, "~*", "+hscan"}}, "NOPERM", [][]any{{"ACL", "SETUSER", "ranger", "+hget"}}},
		{"HSCAN not allowed", "ranger:" + secret + "@", [][]any{hash, {"ACL", "SETUSER", "ranger", "on", ">" + secret, "~*", "+hget"}}, "NOPERM", [][]any{{"ACL", "SETUSER", "ranger", "+hscan"}}},
		{"the key not allowed", "ranger:" + secret + "@", [][]any{hash, {"ACL", "SETUSER", "ranger", "on", ">" + secret, "~other", "+hget", "+hscan"}}, "NOPERM", [][]any{{"ACL", "SETUSER", "ranger", "~ranger:members"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const wait = 300 * time.Millisecond
			s := newServer(t)
			admin := s.client().Conn()
			defer admin.Close() //nolint:errcheck // the server ends
			for _, command := range tt.before {
				check(t, admin.Do(t.Context(), command...).Err())
			}
			n := startNode(t, redis.Config{URL: s.url(tt.user), Wait: wait, RefreshEvery: 10 * time.Millisecond})
			n.awaitLog(1, lineAway)
			n.find("11", "", 0, wait+prompt)
			n.find("11", "", 0, wait)
			st := n.Status()
			if st.Connected || st.Error == nil || !strings.Contains(st.Error.Error(), tt.want) || st.Loaded || !st.Settled {
				t.Errorf("status: %+v", st)
			}
			for _, command := range tt.after {
				check(t, admin.Do(t.Context(), command...).Err())
			}
			n.awaitLog(1, "the member directory is loaded")
			n.awaitLog(1, lineBack)
			n.find("11", "IDELEVEN", 0, prompt)
			n.logged(1, lineAway)
			n.logged(1, tt.want)
			n.logged(0, secret)
		})
	}
}

// TestErrorAfterLoading: a hash that is lost to an error is still known.
func TestErrorAfterLoading(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	c := newClient(t, sharedURL(t))
	fill(t, key, 3)
	n := startLoaded(t, redis.Config{URL: sharedURL(t), Key: key, Wait: 100 * time.Millisecond, RefreshEvery: 10 * time.Millisecond})
	check(t, c.Set(t.Context(), key, "no hash", 0).Err())
	n.awaitLog(1, lineAway)
	for i := range 3 {
		n.wantUID(strconv.Itoa(i), uidOf(i))
	}
	check(t, c.Del(t.Context(), key).Err())
	n.awaitLog(1, lineBack)
}

func TestRedisLoading(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--dbfilename", "dump.rdb")
	pairs := []any{"HSET", "ranger:members", "11", "IDELEVEN"}
	s.do(pairs...)
	for i := range 300 {
		s.do("SET", "key "+strconv.Itoa(i), strings.Repeat("x", 2000))
	}
	s.do("SAVE")
	s.kill()
	s.start("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024", "--rdbcompression", "no")
	n := startNode(t, redis.Config{URL: s.url(""), RefreshEvery: rare})
	n.awaitLog(1, lineAway)
	n.logged(1, "LOADING")
	n.find("11", "IDELEVEN", 0, patience) // it waits until the server has loaded
	n.awaitLog(1, lineBack)
	n.logged(1, lineAway)
}

// TestPasswordIsNotTold has a server that says back what it does not know.
func TestPasswordIsNotTold(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	s := newServer(t, "--rename-command", "AUTH", "", "--rename-command", "HELLO", "")
	n := startNode(t, redis.Config{URL: s.url(":" + secret + "@")})
	n.awaitLog(1, lineAway)
	n.logged(1, "***")
	n.logged(0, secret)
	if err := n.Status().Error; err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("status: %v", err)
	}
}
