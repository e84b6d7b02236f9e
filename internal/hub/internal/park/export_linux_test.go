package park

// Table is table.
type Table = table

// Put calls put.
func (t *Table) Put(fd int, w Waker) (before Waker, ok bool) { return t.put(fd, w) }

// Take calls take.
func (t *Table) Take(fd int, w Waker) bool { return t.take(fd, w) }

// TakeAt calls takeAt.
func (t *Table) TakeAt(fd int) Waker { return t.takeAt(fd) }

// Close calls close.
func (t *Table) Close() []Waker { return t.close() }

// Break makes waiting for parked sockets fail. One must have been parked.
func (p *Poller) Break() { _ = p.file.Close() }
