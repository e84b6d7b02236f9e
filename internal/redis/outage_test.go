package redis_test

import (
	"context"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"ranger/internal/redis"
)

const (
	stopSignal = syscall.SIGSTOP
	goOnSignal = syscall.SIGCONT
)

// TestRedisKilled: what is in memory stays, the wait for the rest is spent once
// an outage, and what was missed is found when Redis is back.
func TestRedisKilled(t *testing.T) {
	t.Parallel()
	const wait = 1500 * time.Millisecond
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	n := startLoaded(t, redis.Config{URL: s.url(""), Wait: wait, RefreshEvery: rare})
	for outage := 1; outage <= 2; outage++ {
		missed := strconv.Itoa(20 + outage)
		s.kill()
		n.wantUID("11", "IDELEVEN")
		n.find(missed, "", wait-200*time.Millisecond, wait+prompt)
		n.logged(outage, lineAway)
		for range 100 {
			n.find(missed, "", 0, wait/2) // the wait is spent
		}
		n.find("99", "", 0, wait/2) // for all ids
		n.find("11", "IDELEVEN", 0, wait/2)
		n.wantUID("11", "IDELEVEN")
		if st := n.Status(); st.Connected || st.Error == nil || !st.Loaded || st.Members == 0 {
			t.Errorf("status: %+v", st)
		}
		n.logged(outage-1, lineBack)

		s.start()
		n.awaitLog(outage, lineBack)
		s.do("HSET", "ranger:members", "11", "IDELEVEN", missed, "IDMISSED")
		n.find(missed, "IDMISSED", 0, prompt)
		if st := n.Status(); !st.Connected || st.Error != nil {
			t.Errorf("status: %+v", st)
		}
		n.find("11", "IDELEVEN", 0, prompt)
		n.logged(outage, lineAway)
	}
}

// TestRedisHangs: a Redis that takes connections and says nothing is away too.
func TestRedisHangs(t *testing.T) {
	t.Parallel()
	const wait = time.Second
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	n := startLoaded(t, redis.Config{URL: s.url(""), Wait: wait, RefreshEvery: rare})
	s.do("HSET", "ranger:members", "12", "IDTWELVE")
	s.signal(stopSignal)
	n.find("12", "", wait-200*time.Millisecond, wait+prompt)
	n.find("12", "", 0, wait/2)
	began := time.Now()
	for range 10_000 {
		n.wantUID("11", "IDELEVEN")
	}
	if took := time.Since(began); took > prompt {
		t.Errorf("10,000 look-ups in memory took %s", took)
	}
	if st := n.Status(); st.Connected || st.Error == nil || st.Error.Error() != "no answer within 500ms" {
		t.Errorf("status: %+v", st)
	}
	n.logged(1, lineAway)
	s.signal(goOnSignal)
	n.awaitLog(1, lineBack)
	n.find("12", "IDTWELVE", 0, prompt)
}

// TestOutageIsNoticed also when nobody asks, long before the next reading.
func TestOutageIsNoticed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	n := startLoaded(t, redis.Config{URL: s.url(""), RefreshEvery: rare})
	s.kill()
	n.awaitLog(1, lineAway)
}

// TestReadingThatHangs: an outage that a reading meets does not block those who
// look into memory.
func TestReadingThatHangs(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("HSET", "ranger:members", "11", "IDELEVEN")
	n := startLoaded(t, redis.Config{URL: s.url(""), Wait: 400 * time.Millisecond, RefreshEvery: time.Millisecond})
	s.signal(stopSignal)
	for tick := time.NewTicker(time.Millisecond); n.Status().Connected; <-tick.C {
		began := time.Now()
		n.wantUID("11", "IDELEVEN")
		if took := time.Since(began); took > prompt/4 {
			t.Fatalf("it took %s", took)
		}
	}
	s.signal(goOnSignal)
	n.awaitLog(1, lineBack)
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
				n = startLoaded(t, redis.Config{URL: s.url(""), Wait: patience, RefreshEvery: rare})
			}
			s.do("HSET", "ranger:members", "12", "IDTWELVE")
			s.do("SAVE")
			s.kill()
			if !tt.loaded {
				n = startNode(t, redis.Config{URL: s.url(""), Wait: patience, RefreshEvery: rare})
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { n.find("12", "IDTWELVE", 0, patience/2) })
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
	n := startLoaded(t, redis.Config{URL: s.url(""), Wait: 2 * patience, RefreshEvery: rare})
	briefly := func(during string) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		if uid, ok := n.Find(ctx, "1"); ok {
			t.Errorf("found %q", uid)
		}
		if took := time.Since(began); took > prompt {
			t.Errorf("during %s it took %s", during, took)
		}
	}
	s.signal(stopSignal)
	briefly("the question")
	n.logged(0, lineAway) // who gave up was not Redis

	s.kill()
	ctx, cancel := context.WithCancel(t.Context())
	var other sync.WaitGroup
	other.Go(func() { n.Find(ctx, "1") })
	n.awaitLog(1, lineAway)
	briefly("the wait")
	cancel()
	other.Wait()
}
