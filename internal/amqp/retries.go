package amqp

import (
	"hash/maphash"
	"time"
)

// retryWindow is how long a message_id is remembered, in ms of the stream's own
// time.
const retryWindow = 60_000

// readBack is how far before its window a node begins to read, by the broker's
// time: twice as far as ids are remembered, since markers tell the stream's time
// only now and then, and by another clock.
const readBack = 2 * retryWindow * time.Millisecond

// maxRetries bounds how many messages are remembered.
const maxRetries = 1 << 21

// retries remembers the message_ids read of late, so that a message that its
// publisher sent again is known for one. Time is the stream's: what its markers
// say. A retry is remembered as any message is, so that all depends on the last
// minutes alone, and nodes decide alike, wherever they began to read. It is for one
// goroutine.
type retries struct {
	seeds [2]maphash.Seed     // fixed at construction
	most  int                 // how many messages are remembered; fixed at construction
	known map[retryKey]uint64 // the number of its newest message
	queue []retry             // oldest first, from head on
	head  int
	first uint64 // number of queue[0]

	clocks clocks
	now    int64 // the stream's time, Unix ms; 0 before the first marker
	clock  int64 // what the newest marker says, Unix ms; 0 before the first
}

// retryKey stands for an exchange and an id: 16 bytes instead of text. Two ids
// share one with a chance of 2^-128.
type retryKey [2]uint64

type retry struct {
	key retryKey
	at  int64 // what now was; 0: before the first marker
}

func newRetries(most int) *retries {
	return &retries{
		most:  most,
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		known: make(map[retryKey]uint64),
	}
}

// again remembers a message, and tells whether one with its id came through the
// same exchange before. One without an id never did.
func (r *retries) again(exchange, id []byte) bool {
	if len(id) == 0 {
		return false
	}
	key := retryKey{r.sum(0, exchange, id), r.sum(1, exchange, id)}
	_, again := r.known[key]
	r.known[key] = r.first + uint64(len(r.queue))
	r.queue = append(r.queue, retry{key, r.now})
	if len(r.queue)-r.head > r.most {
		r.forget()
	}
	return again
}

func (r *retries) sum(seed int, exchange, id []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seeds[seed])
	_, _ = h.Write(exchange)
	_ = h.WriteByte(0) // in no exchange's name that a broker sends with it
	_, _ = h.Write(id)
	return h.Sum64()
}

// tick notes a marker, which moves the stream's time, and forgets what is not of
// the window then. Where the time has fallen back, since a clock that was ahead no
// longer counts, that is all: no one knows how old it is.
func (r *retries) tick(m heard) {
	now := r.clocks.tick(m)
	if r.now == 0 {
		for i := range r.queue {
			r.queue[i].at = now // they came before the first marker, no one knows how long
		}
	}
	fell := now < r.now
	r.now, r.clock = now, m.at
	for r.head < len(r.queue) && (fell || now-r.queue[r.head].at > retryWindow) {
		r.forget()
	}
}

// takeBack forgets the newest message, which again has just remembered under
// this id, and which none before it had.
func (r *retries) takeBack(id []byte) {
	if len(id) == 0 {
		return
	}
	newest := len(r.queue) - 1
	delete(r.known, r.queue[newest].key)
	r.queue = r.queue[:newest]
}

// forget forgets the oldest message, and its id if there is no newer one.
func (r *retries) forget() {
	key := r.queue[r.head].key
	if r.known[key] == r.first+uint64(r.head) { //nolint:gosec // never negative
		delete(r.known, key)
	}
	r.head++
	if r.head > len(r.queue)/2 {
		r.first += uint64(r.head) //nolint:gosec // never negative
		r.queue = append([]retry(nil), r.queue[r.head:]...)
		r.head = 0
	}
}
