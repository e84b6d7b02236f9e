package redis_test

import (
	"context"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/redis"
	"ranger/internal/testenv"
)

const (
	stopSignal = syscall.SIGSTOP
	goOnSignal = syscall.SIGCONT
)

// TestRedisKilled: what is in memory stays, the wait for the rest is spent once
// an outage, and what was missed is found when Redis is back.
func TestRedisKilled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	n := startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: rare})
	for outage := 1; outage <= 2; outage++ {
		missed := strconv.Itoa(20 + outage)
		s.kill()
		n.wantUID("11", "IDELEVEN")
		n.notice(outage)
		n.find("11", "IDELEVEN") // while others would have to wait
		n.Age(rare)              // now the wait is spent
		for range 100 {
			n.find(missed, "")
		}
		n.find("99", "") // for all ids
		n.find("11", "IDELEVEN")
		n.wantUID("11", "IDELEVEN")
		if st := n.Status(); st.Connected || st.Error == nil || !st.Loaded || st.Members == 0 {
			t.Errorf("status: %+v", st)
		}
		n.logged(outage-1, lineBack)

		s.start()
		n.awaitLog(outage, lineBack)
		testenv.Eventually(t, "the empty hash is read", func() bool { return n.Status().Members == 0 })
		s.do("HSET", "ranger:members", "11", "IDELEVEN", missed, "IDMISSED")
		n.find(missed, "IDMISSED")
		if st := n.Status(); !st.Connected || st.Error != nil {
			t.Errorf("status: %+v", st)
		}
		n.find("11", "IDELEVEN")
		n.logged(outage, lineAway)
	}
}

// TestFindWaitsNoLonger: an outage is waited out for Config.Wait, and no longer.
func TestFindWaitsNoLonger(t *testing.T) {
	t.Parallel()
	const wait = 50 * time.Millisecond
	n := startNode(t, redis.Config{URL: "redis://127.0.0.1:" + freePort(t), Wait: wait})
	n.find("11", "")
	st := n.Status()
	if lasted := time.Since(st.Since); lasted < wait || st.Connected || !st.Settled {
		t.Errorf("nobody was found %s after the outage had begun, want %s; status: %+v", lasted, wait, st)
	}
}

// TestRedisHangs: a Redis that takes connections and says nothing is away too.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	n := startNodeWithin(t, redis.Config{URL: s.url(""), Wait: time.Second, RefreshEvery: rare}, 0)
	n.awaitLog(1, "the member directory is loaded")
	s.signal(stopSignal)
	n.find("12", "")
	testenv.Eventually(t, "the outage is noticed", func() bool { return !n.Status().Connected })
	n.find("12", "")
	n.find("11", "IDELEVEN")
	if err := n.Status().Error; err == nil || err.Error() != "no answer within 500ms" {
		t.Errorf("the error is %v", err)
	}
	s.signal(goOnSignal)
	testenv.Eventually(t, "it is over", func() bool { return n.Status().Connected })
	s.do("HSET", "ranger:members", "12", "IDTWELVE")
	testenv.Eventually(t, "what was missed is found", func() bool {
		uid, _ := n.Find(t.Context(), "12")
		return uid == "IDTWELVE"
	})
}

// TestOutageIsNoticed also when nobody asks, long before the next reading.
func TestOutageIsNoticed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	n := startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: rare})
	s.kill()
	n.awaitLog(1, lineAway)
}

// TestReadingThatHangs: a reading that gets no answer does not block those who
// look into memory, nor those who ask Redis.
func TestReadingThatHangs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	g := newGate(t, s, "hscan")
	n := startLoaded(t, redis.Config{URL: g.url, RefreshEvery: time.Millisecond})
	g.shut.Store(true)
	await(t, g.held, "until there is another reading")
	s.do("HSET", "ranger:members", "12", "IDTWELVE", "13", "IDTHIRTEEN")
	returns(t, "to look into memory", func() {
		n.wantUID("11", "IDELEVEN")
		n.wantUID("12", "")
		n.Status()
	})
	n.find("12", "IDTWELVE")
	g.shut.Store(false)
	close(g.pass)
	testenv.Eventually(t, "readings go on", func() bool {
		uid, _ := n.UID("13")
		return uid == "IDTHIRTEEN"
	})
	n.logged(0, lineAway)
}

func TestFindWaitsForRedis(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		loaded bool
	}{{"after an outage has begun", true}, {"before there was any Redis", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, "--dbfilename", "dump.rdb")
			n := &node{}
			if tt.loaded {
				n = startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: rare})
			}
			s.do("HSET", "ranger:members", "12", "IDTWELVE")
			s.do("SAVE")
			s.kill()
			if !tt.loaded {
				n = startNode(t, redis.Config{URL: s.url(""), RefreshEvery: rare})
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { n.find("12", "IDTWELVE") })
			}
			n.awaitLog(1, lineAway)
			s.start()
			all.Wait()
			n.awaitLog(1, lineBack)
			n.logged(1, lineAway)
		})
	}
}

func TestFindEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	n := startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: rare})
	briefly := func(during string) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		returns(t, "to end "+during, func() {
			if uid, ok := n.Find(ctx, "1"); ok {
				t.Errorf("found %q", uid)
			}
		})
	}
	s.signal(stopSignal)
	briefly("the question")
	returns(t, "to end a question whose context has yet to notice", func() {
		n.Find(unnoticed{t.Context(), time.Now().Add(50 * time.Millisecond)}, "1")
	})
	n.logged(0, lineAway) // who gave up was not Redis
	s.kill()
	n.notice(1)
	briefly("the wait")
}

// unnoticed is a context whose timer does not get to run.
type unnoticed struct {
	context.Context //nolint:containedctx // it is one

	due time.Time
}

func (u unnoticed) Deadline() (time.Time, bool) { return u.due, true }
