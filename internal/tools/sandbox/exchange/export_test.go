package exchange

// Pop takes the oldest change that waits, without waiting for one.
func (x *Exchange) Pop() (Change, bool) { return x.pop() }
