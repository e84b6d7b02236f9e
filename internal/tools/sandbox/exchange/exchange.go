package exchange

import (
	"slices"
	"sync"
	"time"

	"ranger/internal/event"
)

// Exchange holds the users' balances and orders and the markets' books. It is safe for
// concurrent use.
type Exchange struct {
	// Fixed at construction.
	markets    []Market
	currencies []Currency // of all markets, sorted
	books      map[MarketID]*book
	now        func() time.Time
	pending    int
	history    int
	open       int
	more       chan struct{} // has an element if there may be changes

	mu sync.Mutex
	// Guarded by mu, as are the contents of books and users.
	users     map[event.UID]*user
	changes   []Change // not yet taken by Next, oldest first
	lastOrder uint64
	lastTrade uint64
}

// New returns an Exchange without users. Its error names each invalid field.
func New(cfg Config) (*Exchange, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	x := &Exchange{
		markets: slices.Clone(cfg.Markets),
		books:   map[MarketID]*book{},
		now:     cfg.Now,
		pending: orDefault(cfg.Pending, 10_000),
		history: orDefault(cfg.History, 1000),
		open:    orDefault(cfg.Open, 1000),
		more:    make(chan struct{}, 1),
		users:   map[event.UID]*user{},
	}
	if x.now == nil {
		x.now = time.Now
	}
	for _, m := range cfg.Markets {
		x.books[m.ID] = newBook(m, x.history)
		x.currencies = append(x.currencies, m.Base, m.Quote)
	}
	slices.Sort(x.currencies)
	x.currencies = slices.Compact(x.currencies)
	return x, nil
}

// Markets returns a copy of the configured markets.
func (x *Exchange) Markets() []Market {
	return slices.Clone(x.markets)
}
