package redis_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"ranger/internal/redis"
	"ranger/internal/testenv"
)

// Ids in memory remain known, Find waits for others only until the outage has lasted for
// Config.Wait, and they are found when Redis answers again.
func TestDirectory_AnswersDuringAndAfterOutage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	n := startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: never})
	for outage := 1; outage <= 2; outage++ {
		missed := strconv.Itoa(20 + outage)
		s.kill()
		n.wantUID("11", "IDELEVEN")
		n.notice(outage)
		n.find("11", "IDELEVEN") // without waiting
		n.Age(never)             // the outage has lasted for Config.Wait
		for range 100 {
			n.find(missed, "")
		}
		n.find("99", "")
		n.find("11", "IDELEVEN")
		n.wantUID("11", "IDELEVEN")
		if st := n.Status(); st.Connected || st.Error == nil || !st.Loaded || st.Members == 0 {
			t.Errorf("got status %+v, want an outage after loading", st)
		}
		n.logged(outage-1, outageEnds)

		s.start()
		n.awaitLog(outage, outageEnds)
		testenv.Eventually(t, "the empty hash is read", func() bool { return n.Status().Members == 0 })
		s.do("HSET", "ranger:members", "11", "IDELEVEN", missed, "IDMISSED")
		n.find(missed, "IDMISSED")
		if st := n.Status(); !st.Connected || st.Error != nil {
			t.Errorf("got status %+v, want no outage", st)
		}
		n.find("11", "IDELEVEN")
		n.logged(outage, outageBegins)
	}
}

func TestFind_WaitsInOutageForConfigWait(t *testing.T) {
	t.Parallel()
	const wait = 50 * time.Millisecond
	n := startNode(t, redis.Config{URL: "redis://127.0.0.1:" + freePort(t), Wait: wait})
	n.find("11", "")
	st := n.Status()
	if lasted := time.Since(st.Since); lasted < wait || st.Connected || !st.Settled {
		t.Errorf("Find returned %s after the outage began, want at least %s; status %+v", lasted, wait, st)
	}
}

// Redis accepts connections and does not answer.
func TestDirectory_SilentRedisIsAnOutage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	n := startNodeWithin(t, redis.Config{URL: s.url(""), Wait: time.Second, RefreshEvery: never}, 0)
	n.awaitLog(1, "the member directory is loaded")
	s.signal(testenv.Suspend)
	n.find("12", "")
	testenv.Eventually(t, "the outage is noticed", func() bool { return !n.Status().Connected })
	n.find("12", "")
	n.find("11", "IDELEVEN")
	if err := n.Status().Error; err == nil || err.Error() != "no answer within 500ms" {
		t.Errorf("got Status.Error %v, want no answer within 500ms", err)
	}
	s.signal(testenv.Continue)
	testenv.Eventually(t, "the outage is over", func() bool { return n.Status().Connected })
	s.do("HSET", "ranger:members", "12", "IDTWELVE")
	testenv.Eventually(t, "the new member is found", func() bool {
		uid, _ := n.Find(t.Context(), "12")
		return uid == "IDTWELVE"
	})
}

// The outage is noticed long before the next reading.
func TestDirectory_NoticesOutageWithoutLookups(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	n := startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: never})
	s.kill()
	n.awaitLog(1, outageBegins)
}

// A reading without an answer blocks neither UID nor Find.
func TestDirectory_SilentReadingBlocksNoLookup(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	proxy := testenv.NewProxy(t, s.url(""))
	n := startLoaded(t, redis.Config{URL: proxy.URL, RefreshEvery: time.Millisecond})
	held, release := proxy.Hold("hscan")
	await(t, held, "another reading begins")
	s.do("HSET", "ranger:members", "12", "IDTWELVE", "13", "IDTHIRTEEN")
	returns(t, "UID returns", func() {
		n.wantUID("11", "IDELEVEN")
		n.wantUID("12", "")
		n.Status()
	})
	n.find("12", "IDTWELVE")
	release()
	testenv.Eventually(t, "the next reading is complete", func() bool {
		uid, _ := n.UID("13")
		return uid == "IDTHIRTEEN"
	})
	n.logged(0, outageBegins)
}

func TestFind_WaitsUntilRedisAnswersAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		loaded bool
	}{{"after loading", true}, {"before loading", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, "--dbfilename", "dump.rdb")
			n := &node{}
			if tt.loaded {
				n = startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: never})
			}
			s.do("HSET", "ranger:members", "12", "IDTWELVE")
			s.do("SAVE")
			s.kill()
			if !tt.loaded {
				n = startNode(t, redis.Config{URL: s.url(""), RefreshEvery: never})
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { n.find("12", "IDTWELVE") })
			}
			n.awaitLog(1, outageBegins)
			s.start()
			all.Wait()
			n.awaitLog(1, outageEnds)
			n.logged(1, outageBegins)
		})
	}
}

func TestFind_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	n := startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: never})
	briefly := func(during string) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		returns(t, "Find returns during "+during, func() {
			if uid, ok := n.Find(ctx, "1"); ok {
				t.Errorf("got %q, want no uid", uid)
			}
		})
	}
	s.signal(testenv.Suspend)
	briefly("a request")
	returns(t, "Find returns before the timer of its context fires", func() {
		n.Find(unnoticed{t.Context(), time.Now().Add(50 * time.Millisecond)}, "1")
	})
	n.logged(0, outageBegins) // the caller gave up, not Redis
	s.kill()
	n.notice(1)
	briefly("an outage")
}

// unnoticed is a context whose timer has not fired yet.
type unnoticed struct {
	context.Context //nolint:containedctx // it is a context

	due time.Time
}

func (u unnoticed) Deadline() (time.Time, bool) { return u.due, true }
