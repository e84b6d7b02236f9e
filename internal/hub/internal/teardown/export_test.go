package teardown

// BatchOf is batchOf.
var BatchOf = batchOf

// Crowd acts as if n more sessions waited.
func (q *Queue) Crowd(n int64) { q.waiting.Add(n) }
