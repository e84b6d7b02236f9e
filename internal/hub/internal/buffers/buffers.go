// Package buffers pools the buffers of sockets, so that idle ones have none.
package buffers

import (
	"bufio"
	"io"
	"sync"
)

// Readers holds the read buffers of parked sockets. Its zero value is ready for use; it is
// safe for concurrent use.
type Readers struct{ pool sync.Pool }

// readSize is the size in bytes of a pooled read buffer: a message with a token
// fits.
const readSize = 4096

// Take returns a reader that reads from a socket.
func (b *Readers) Take(from io.Reader) *bufio.Reader {
	in, ok := b.pool.Get().(*bufio.Reader)
	if !ok {
		return bufio.NewReaderSize(from, readSize)
	}
	in.Reset(from)
	return in
}

// Give returns a reader to the pool.
func (b *Readers) Give(in *bufio.Reader) {
	in.Reset(nil)
	b.pool.Put(in)
}

// maxWrite is the size in bytes above which a write buffer is not pooled.
const maxWrite = 128 << 10

// Writes holds the buffers of writers. Its zero value is ready for use; it is safe for
// concurrent use.
type Writes struct{ pool sync.Pool }

// Take returns a buffer of any length.
func (b *Writes) Take() *[]byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return p
	}
	return new(make([]byte, 0, 1024))
}

// Give returns a buffer to the pool, unless a large message has made it large.
func (b *Writes) Give(p *[]byte) {
	if cap(*p) <= maxWrite {
		b.pool.Put(p)
	}
}
