package redis_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/event"
	"ranger/internal/redis"
	"ranger/internal/testenv"
)

// TestFillDirectory writes beside what is there, twice, for a Directory to read.
func TestFillDirectory(t *testing.T) {
	t.Parallel()
	cfg := redis.Config{URL: testenv.Redis(t), Key: newKey(t), RefreshEvery: rare}
	c := newClient(t, cfg.URL)
	check(t, c.HSet(t.Context(), cfg.Key, "9", "IDNINE").Err())
	members := map[string]event.UID{"1": "IDONE", "2": "IDTWO"}
	for range 2 {
		check(t, redis.FillDirectoryWithin(t.Context(), cfg, members, rare))
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

// TestFillDirectoryOfOthers: whose ids are others' already gets nothing. It names
// I1: nobody is handed another's events.
func TestFillDirectoryOfOthers(t *testing.T) {
	t.Parallel()
	cfg := redis.Config{URL: testenv.Redis(t), Key: newKey(t)}
	c := newClient(t, cfg.URL)
	check(t, c.HSet(t.Context(), cfg.Key, "2", "IDOTHER").Err())
	err := redis.FillDirectoryWithin(t.Context(), cfg, map[string]event.UID{"1": "IDONE", "2": "IDTWO", "3": "IDTHREE"}, rare)
	if err == nil || !strings.Contains(err.Error(), cfg.Key) || !strings.Contains(err.Error(), "member 2 ") {
		t.Errorf("got %v", err)
	}
	got, err := c.HGetAll(t.Context(), cfg.Key).Result()
	check(t, err)
	if diff := cmp.Diff(map[string]string{"2": "IDOTHER"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFillDirectoryErrors: each says what is wrong, and no password.
func TestFillDirectoryErrors(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for name, c := range map[string]struct {
		server []string
		before []any
		freeze bool
		want   string
	}{
		"no hash":          {nil, []any{"SET", "ranger:members", "x"}, false, "WRONGTYPE"},
		"a wrong password": {[]string{"--requirepass", "another"}, nil, false, "WRONGPASS"},
		"no AUTH":          {[]string{"--rename-command", "AUTH", "", "--rename-command", "HELLO", ""}, nil, false, "***"},
		"silent":           {nil, nil, true, "no answer within 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, c.server...)
			user, within := ":"+secret+"@", rare
			if c.before != nil {
				s.do(c.before...)
				user = ""
			}
			if c.freeze {
				s.signal(stopSignal)
				within = redis.AnswerTime
			}
			var err error
			returns(t, "to fill the hash", func() {
				err = redis.FillDirectoryWithin(t.Context(), redis.Config{URL: s.url(user)}, map[string]event.UID{"1": "IDONE"}, within)
			})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "the hash ranger:members: ") || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	for url, want := range map[string]string{
		"redis://:" + secret + "@127.0.0.1:" + freePort(t): "connection refused",
		"http://:" + secret + "@127.0.0.1":                 "must be like redis://",
	} {
		err := redis.FillDirectory(t.Context(), redis.Config{URL: url}, map[string]event.UID{"1": "IDONE"})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
