package conn

// DefaultTimeouts returns the default timeouts.
func DefaultTimeouts() Timeouts { return Timeouts{}.withDefaults() }
