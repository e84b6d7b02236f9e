package teardown

// BatchOf is batchOf.
var BatchOf = batchOf

// Crowd acts as if n more sessions waited.
func (t *Queue) Crowd(n int64) { t.waiting.Add(n) }
