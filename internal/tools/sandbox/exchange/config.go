package exchange

import (
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// Config configures an Exchange. Only Markets is required.
type Config struct {
	// Markets are the markets; at least one.
	Markets []Market
	// Now is the clock. It is called with the exchange locked, so it must not call the
	// exchange. Default time.Now.
	Now func() time.Time
	// Pending is the size of the queue of changes for Next. Default 10,000.
	Pending int
	// History is the number of ended orders and of trades stored per user, and of trades
	// per market. Default 1000.
	History int
	// Open is the limit of open orders per user. Default 1000.
	Open int
}

// orDefault returns n, or the default if n is zero.
func orDefault(n, byDefault int) int {
	if n == 0 {
		return byDefault
	}
	return n
}

// check returns an error for each invalid field.
func (cfg Config) check() error {
	var errs []error
	if len(cfg.Markets) == 0 {
		errs = append(errs, errors.New("markets: must have at least one"))
	}
	seen := map[MarketID]bool{}
	for _, m := range cfg.Markets {
		if seen[m.ID] {
			errs = append(errs, fmt.Errorf("market %q: must be unique", m.ID))
		}
		seen[m.ID] = true
		if err := m.check(); err != nil {
			errs = append(errs, fmt.Errorf("market %q: %w", m.ID, err))
		}
	}
	for _, bound := range []struct {
		name  string
		value int
	}{{"pending", cfg.Pending}, {"history", cfg.History}, {"open", cfg.Open}} {
		if bound.value < 0 {
			errs = append(errs, fmt.Errorf("%s %d: must not be negative", bound.name, bound.value))
		}
	}
	return errors.Join(errs...)
}

// check returns an error for the first invalid field of m.
func (m Market) check() error {
	switch {
	case m.ID == "" || m.Base == "" || m.Quote == "":
		return errors.New("id, base and quote must not be empty")
	case m.Base == m.Quote:
		return errors.New("base and quote must not be the same")
	case min(m.PriceDigits, m.VolumeDigits) < 0 || max(m.PriceDigits, m.VolumeDigits) > maxDigits:
		return fmt.Errorf("price digits and volume digits must be 0 to %d", maxDigits)
	case m.MinVolume.IsNegative() || m.MinVolume.GreaterThan(decimal.New(1, maxPower)):
		return fmt.Errorf("min volume must be 0 to 1e%d", maxPower)
	}
	return nil
}
