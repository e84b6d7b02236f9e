package redis_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/redis"
	"ranger/internal/testenv"
)

// Members are added twice; a Directory reads them.
func TestFillDirectory_AddsMembersAndKeepsOthers(t *testing.T) {
	t.Parallel()
	cfg := redis.Config{URL: testenv.Redis(t), Key: newKey(t), RefreshEvery: never}
	c := newClient(t, cfg.URL)
	check(t, c.HSet(t.Context(), cfg.Key, "9", "IDNINE").Err())
	members := map[string]event.UID{"1": "IDONE", "2": "IDTWO"}
	for range 2 {
		check(t, redis.FillDirectoryWithin(t.Context(), cfg, members, never))
		got, err := c.HGetAll(t.Context(), cfg.Key).Result()
		check(t, err)
		if diff := cmp.Diff(map[string]string{"1": "IDONE", "2": "IDTWO", "9": "IDNINE"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	n := startLoaded(t, cfg)
	n.wantUID("1", "IDONE")
	n.wantUID("9", "IDNINE")
}

// I1: if an id has another uid, nothing is written, so no user gets the events of
// another.
func TestFillDirectory_ChangesNoUID(t *testing.T) {
	t.Parallel()
	cfg := redis.Config{URL: testenv.Redis(t), Key: newKey(t)}
	c := newClient(t, cfg.URL)
	check(t, c.HSet(t.Context(), cfg.Key, "2", "IDOTHER").Err())
	err := redis.FillDirectoryWithin(t.Context(), cfg, map[string]event.UID{"1": "IDONE", "2": "IDTWO", "3": "IDTHREE"}, never)
	if err == nil || !strings.Contains(err.Error(), cfg.Key) || !strings.Contains(err.Error(), "member 2 ") {
		t.Errorf("got error %v, want one that names %s and member 2", err, cfg.Key)
	}
	got, err := c.HGetAll(t.Context(), cfg.Key).Result()
	check(t, err)
	if diff := cmp.Diff(map[string]string{"2": "IDOTHER"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFillDirectory_ErrorsHaveCauseButNoPassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for name, c := range map[string]struct {
		server []string
		before []any
		freeze bool
		want   string
	}{
		"not a hash":       {nil, []any{"SET", "ranger:members", "x"}, false, "WRONGTYPE"},
		"a wrong password": {[]string{"--requirepass", "another"}, nil, false, "WRONGPASS"},
		"no AUTH":          {[]string{"--rename-command", "AUTH", "", "--rename-command", "HELLO", ""}, nil, false, "***"},
		"no answer":        {nil, nil, true, "no answer within 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, c.server...)
			user, timeout := ":"+secret+"@", never
			if c.before != nil {
				s.do(c.before...)
				user = ""
			}
			if c.freeze {
				s.signal(testenv.Suspend)
				timeout = redis.AnswerTimeout
			}
			var err error
			returns(t, "FillDirectory returns", func() {
				err = redis.FillDirectoryWithin(t.Context(), redis.Config{URL: s.url(user)}, map[string]event.UID{"1": "IDONE"}, timeout)
			})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "hash ranger:members: ") || strings.Contains(err.Error(), secret) {
				t.Errorf("got error %v, want %s", err, c.want)
			}
		})
	}
	for url, want := range map[string]string{
		"redis://:" + secret + "@127.0.0.1:" + freePort(t): "connection refused",
		"http://:" + secret + "@127.0.0.1":                 "must be like redis://",
	} {
		err := redis.FillDirectory(t.Context(), redis.Config{URL: url}, map[string]event.UID{"1": "IDONE"})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}
