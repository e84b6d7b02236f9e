package rawio

// MaxUnseen is maxUnseen.
const MaxUnseen = maxUnseen

// Caller is caller.
type Caller = caller

// Read calls read.
func (c *Caller) Read(fd uintptr, b []byte) (n int, err error) { return c.read(fd, b) }

// Write calls write.
func (c *Caller) Write(fd uintptr, b []byte) (n int, err error) { return c.write(fd, b) }

// MustBeSeen calls mustBeSeen.
func (c *Caller) MustBeSeen() bool { return c.mustBeSeen() }
