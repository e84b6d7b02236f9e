package journal_test

import (
	"fmt"
	"runtime"
	"testing"

	"ranger/internal/event"
	"ranger/internal/journal"
)

// The window is full, so each message drops another.
func BenchmarkAppend(b *testing.B) {
	for _, users := range []int{1, 10_000} {
		b.Run(fmt.Sprint("users=", users), func(b *testing.B) {
			j := journal.New(journal.Config{Memory: 32 << 20})
			messages := make([]journal.Message, users)
			for i := range messages {
				uid := event.UID(fmt.Sprintf("ID%010d", i))
				messages[i].Events = []event.Event{{UID: uid, Kind: event.Order, Message: make([]byte, 300)}}
			}
			offset := uint64(0)
			step := func() {
				m := &messages[offset%uint64(users)]
				m.Position = journal.Position{Offset: offset, Check: uint32(offset)}
				m.At = int64(offset / 40) // 40,000 messages a second
				j.Append(*m)
				offset++
			}
			for range 200_000 {
				step()
			}
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	j := journal.New(journal.Config{})
	for _, unread := range []int{0, 16} {
		b.Run(fmt.Sprint("unread=", unread), func(b *testing.B) {
			c := j.Subscribe("alice", &waker{})
			defer c.Close()
			last, _ := j.Last()
			dst := make([]journal.Entry, 16)
			b.ReportAllocs()
			for b.Loop() {
				for range unread {
					last.Offset++
					j.Append(journal.Message{Position: last, Events: []event.Event{{UID: "alice"}}})
				}
				if _, err := c.Read(dst); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A client connects and leaves, with or without another client of the same user.
func BenchmarkSubscribe(b *testing.B) {
	for _, name := range []string{"first of its user", "another"} {
		b.Run(name, func(b *testing.B) {
			j := journal.New(journal.Config{})
			if name == "another" {
				defer j.Subscribe("alice", &waker{}).Close()
			}
			w := &waker{}
			b.ReportAllocs()
			for b.Loop() {
				j.Subscribe("alice", w).Close()
			}
		})
	}
}

// A client resumes in a window of 200,000 messages, with a full log of which it has
// missed so many events.
func BenchmarkResume(b *testing.B) {
	const users, messages = 200, 200_000
	j := journal.New(journal.Config{})
	for offset := range uint64(messages) {
		uid := event.UID(fmt.Sprintf("ID%010d", offset%users))
		j.Append(journal.Message{
			Position: journal.Position{Offset: offset}, At: int64(offset / 40),
			Events: []event.Event{{UID: uid, Kind: event.Order, Message: make([]byte, 300)}},
		})
	}
	for _, missed := range []uint64{0, 10, 900} {
		b.Run(fmt.Sprint("missed=", missed), func(b *testing.B) {
			w, dst := &waker{}, make([]journal.Entry, 16)
			after := journal.Position{Offset: messages - 1 - missed*users}
			b.ReportAllocs()
			for b.Loop() {
				c, _, ok := j.Resume("ID0000000007", w, after)
				if !ok {
					b.Fatalf("Resume after %v was refused", after)
				}
				got := 0
				for n := len(dst); n == len(dst); got += n {
					n, _ = c.Read(dst)
				}
				if c.Close(); uint64(got) != missed {
					b.Fatalf("%d events were read, want %d", got, missed)
				}
			}
		})
	}
}

// The memory of an idle user with one cursor: the cursor, the log and its place in the
// map, without the text of the uid, which sessions have too.
func BenchmarkIdleUser(b *testing.B) {
	const users = 100_000
	uids := make([]event.UID, users)
	for i := range uids {
		uids[i] = event.UID(fmt.Sprintf("ID%010d", i))
	}
	w := &waker{}
	var took int64
	for b.Loop() {
		before := heap()
		j := journal.New(journal.Config{})
		for _, uid := range uids {
			j.Subscribe(uid, w)
		}
		took = heap() - before
		runtime.KeepAlive(j)
	}
	b.ReportMetric(float64(took)/users, "B/user")
}
