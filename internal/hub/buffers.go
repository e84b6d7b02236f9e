package hub

import (
	"bufio"
	"sync"
)

// readBuffers holds the read buffers of parked sockets. A reader gets one by value: the
// bufio.Reader of a parked session is zero.
type readBuffers struct{ pool sync.Pool }

// pooledReadBuffer is the size in bytes of a pooled read buffer: a message with a token
// fits.
const pooledReadBuffer = 4096

func (b *readBuffers) take(c *hijackedConn) *bufio.Reader {
	in, ok := b.pool.Get().(*bufio.Reader)
	if !ok {
		return bufio.NewReaderSize(c, pooledReadBuffer)
	}
	in.Reset(c)
	return in
}

func (b *readBuffers) give(in *bufio.Reader) {
	in.Reset(nil)
	b.pool.Put(in)
}

// writeBuffers holds the buffers of writers, so that an idle socket has none.
type writeBuffers struct{ pool sync.Pool }

func (b *writeBuffers) take() *[]byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return p
	}
	return new(make([]byte, 0, 1024))
}

// give returns a buffer to the pool, unless a large message has made it large.
func (b *writeBuffers) give(p *[]byte) {
	if cap(*p) <= 4*batchBytes {
		b.pool.Put(p)
	}
}
