package amqp

// Limits are limits.
type Limits = limits

// DefaultLimits returns the limits of a Config that sets none.
func DefaultLimits() Limits { return Config{}.withDefaults().limits }

// Within returns c with these limits.
func (c Config) Within(l Limits) Config {
	c.limits = l
	return c
}

// Waiting returns how many callers wait in CatchUp.
func (s *Source) Waiting() int { return s.catchUps.count() }
