package rawio

// Unseen is unseen.
const Unseen = unseen

// IsDue counts a call, and tells whether the scheduler is to know of it.
func (c *Caller) IsDue() bool { return c.isDue() }
