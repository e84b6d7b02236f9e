package exchange

// Pop removes the oldest queued change without waiting.
func (x *Exchange) Pop() (Change, bool) { return x.pop() }
