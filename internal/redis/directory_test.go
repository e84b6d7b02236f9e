package redis_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ranger/internal/event"
	"ranger/internal/redis"
	"ranger/internal/testenv"
)

var _ event.Directory = (*redis.Directory)(nil)

// I1: a hash is read in many steps. Each member has its own uid, and no other id has one.
func TestDirectory_FindsEachUIDAndNoOther(t *testing.T) {
	t.Parallel()
	const members = 20_000
	key := newKey(t)
	fill(t, key, members)
	n := startLoaded(t, redis.Config{URL: testenv.Redis(t), Key: key, RefreshEvery: never})
	for i := range members {
		n.wantUID(strconv.Itoa(i), uidOf(i))
	}
	for _, id := range []string{"", "-1", "00", "020", strconv.Itoa(members), "x"} {
		n.wantUID(id, "")
	}
	s := n.Status()
	if !s.Connected || !s.Loaded || !s.Settled || s.Error != nil || s.Members != members {
		t.Errorf("status: %+v", s)
	}
	n.logged(0, outageBegins)
	n.logged(0, outageEnds)
}

func uidOf(i int) event.UID { return event.UID(fmt.Sprintf("ID%010d", i)) }

func fill(tb testing.TB, key string, members int) {
	tb.Helper()
	pairs := make([]any, 0, 2*members)
	for i := range members {
		pairs = append(pairs, i, string(uidOf(i)))
	}
	check(tb, newClient(tb, testenv.Redis(tb)).HSet(tb.Context(), key, pairs...).Err())
}

// I1: the next reading finds new, changed and removed members, so a user that has lost an
// id gets no more of its events.
func TestDirectory_NextReadingFindsChanges(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, 3000} { // Redis stores the first as a list, the second as a table
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			t.Parallel()
			key := newKey(t)
			c := newClient(t, testenv.Redis(t))
			fill(t, key, size)
			n := startLoaded(t, redis.Config{URL: testenv.Redis(t), Key: key, RefreshEvery: 20 * time.Millisecond})
			check(t, c.HSet(t.Context(), key, "1", "IDCHANGED", "new", "x", "70000", "IDNEW").Err())
			check(t, c.HDel(t.Context(), key, "2", "3").Err())
			testenv.Eventually(t, "the changes are in memory", func() bool {
				one, _ := n.UID("1")
				fresh, _ := n.UID("70000")
				_, second := n.UID("2")
				_, third := n.UID("3")
				return one == "IDCHANGED" && fresh == "IDNEW" && !second && !third
			})
			for i := 4; i < size; i++ {
				n.wantUID(strconv.Itoa(i), uidOf(i))
			}
			if got := n.Status().Members; got != size-1 {
				t.Errorf("got %d members, want %d", got, size-1)
			}
			check(t, c.Del(t.Context(), key).Err())
			n.awaitLog(1, "the member directory is empty")
			if got := n.Status().Members; got != 0 {
				t.Errorf("got %d members of a deleted hash, want 0", got)
			}
			n.logged(0, outageBegins)
		})
	}
}

func TestFind_LooksUpMissAtOnce(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	c := newClient(t, testenv.Redis(t))
	n := startLoaded(t, redis.Config{URL: testenv.Redis(t), Key: key, RefreshEvery: never})
	n.awaitLog(1, "the member directory is empty")
	n.find("11", "")
	check(t, c.HSet(t.Context(), key, "11", "ID092B2AF8E87", "12", "a\x00b", "13", "").Err())
	n.wantUID("11", "")
	n.find("11", "ID092B2AF8E87")
	n.wantUID("11", "ID092B2AF8E87") // kept
	n.find("12", "")                 // no token can have this uid
	n.find("13", "")
	n.wantUID("12", "")
	check(t, c.Del(t.Context(), key).Err())
	n.find("11", "ID092B2AF8E87") // from memory
	n.logged(0, outageBegins)
}

func TestDirectory_IgnoresInvalidEntries(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	long := string(make([]byte, event.MaxUID+1))
	check(t, newClient(t, testenv.Redis(t)).HSet(t.Context(), key,
		"1", "IDVALID", "-2", "IDMINUS", "3", "", "4", " ", "5", "a\nb", "6", "\xff", "7", long, "ID092B2AF8E87", "8", "-", "IDX", "", "IDY").Err())
	n := startLoaded(t, redis.Config{URL: testenv.Redis(t), Key: key, RefreshEvery: never})
	n.awaitLog(1, "entries of the member directory are ignored")
	n.logged(1, "ignored=8")
	n.wantUID("1", "IDVALID")
	n.wantUID("-2", "IDMINUS")
	for _, id := range []string{"3", "4", "5", "6", "7", "ID092B2AF8E87", "-", ""} {
		n.wantUID(id, "")
	}
	if got := n.Status().Members; got != 2 {
		t.Errorf("got %d members, want 2", got)
	}
}

func TestUID_AllocatesNothing(t *testing.T) {
	key := newKey(t)
	fill(t, key, 3)
	n := startLoaded(t, redis.Config{URL: testenv.Redis(t), Key: key, RefreshEvery: never})
	if got := testing.AllocsPerRun(100, func() { n.UID("1"); n.UID("9") }); got >= 1 {
		t.Errorf("got %v allocations, want none", got)
	}
}

// The hash is read while members are looked up and changed.
func TestDirectory_AlwaysKnowsIDsThatRemain(t *testing.T) {
	t.Parallel()
	const members = 3000
	key := newKey(t)
	c := newClient(t, testenv.Redis(t))
	fill(t, key, members)
	n := startLoaded(t, redis.Config{URL: testenv.Redis(t), Key: key, RefreshEvery: time.Millisecond})
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 300 {
				id := (worker*7919 + i) % members
				n.wantUID(strconv.Itoa(id), uidOf(id))
				fresh := strconv.Itoa(100_000 + worker*1000 + i)
				if err := c.HSet(t.Context(), key, fresh, "IDFRESH").Err(); err != nil {
					t.Error(err)
				}
				n.find(fresh, "IDFRESH")
				n.Status()
			}
		})
	}
	all.Wait()
	n.logged(0, outageBegins)
}

func TestRun_ReturnsWithoutAnswerOfRedis(t *testing.T) {
	t.Parallel()
	silent := func(t *testing.T) string {
		t.Helper()
		s := newServer(t)
		s.signal(testenv.Suspend)
		return s.url("")
	}
	for name, url := range map[string]func(*testing.T) string{
		"connected":                      func(t *testing.T) string { t.Helper(); return testenv.Redis(t) },
		"no server":                      func(t *testing.T) string { t.Helper(); return "redis://127.0.0.1:" + freePort(t) },
		"a server that does not answer":  silent,
		"the same, with TLS":             func(t *testing.T) string { t.Helper(); return "rediss" + silent(t)[len("redis"):] },
		"the same, as Sentinel":          func(t *testing.T) string { t.Helper(); return silent(t) + "?master_name=x" },
		"the same, as node of a Cluster": func(t *testing.T) string { t.Helper(); u := silent(t); return u + "?addr=" + u[len("redis://"):] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Run must not wait for an answer.
			timeout := never
			if strings.Contains(name, "Sentinel") {
				timeout = 100 * time.Millisecond // go-redis waits for a Sentinel
			}
			n := startNodeWithin(t, redis.Config{URL: url(t), Key: newKey(t), Wait: 50 * time.Millisecond}, timeout)
			ctx, cancel := context.WithCancel(t.Context())
			var finding sync.WaitGroup
			finding.Go(func() { n.Find(ctx, "1") })
			testenv.Eventually(t, "the directory is settled", func() bool { return n.Status().Settled })
			n.stop()
			check(t, await(t, n.done, "Run returns"))
			cancel()
			finding.Wait()
			if n.Status().Connected {
				t.Error("got Connected after Run has returned")
			}
			n.find("1", "")
		})
	}
}

func TestRun_EndsTLSHandshakeWithoutAnswer(t *testing.T) {
	t.Parallel()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close() //nolint:errcheck // the test is over
	n := startNode(t, redis.Config{URL: "rediss://" + l.Addr().String()})
	c, err := l.Accept()
	check(t, err)
	defer c.Close() //nolint:errcheck // the test is over
	n.stop()
	check(t, await(t, n.done, "Run returns"))
	check(t, c.SetReadDeadline(time.Now().Add(testenv.Patience)))
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}
