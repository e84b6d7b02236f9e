package sandbox

import (
	"github.com/shopspring/decimal"

	"ranger/internal/event"
	"ranger/internal/tools/sandbox/barong"
	"ranger/internal/tools/sandbox/exchange"
)

// users returns the users that can log in, the same at each start.
func users() []barong.User {
	return []barong.User{
		{UID: "ID5A11CE0001", Email: "alice@example.com", Password: "Alice-in-sand-1", TOTPSecret: "ALICEINTHESANDBOXALICEINTHESANDB", Level: 3, Role: "member"},
		{UID: "IDB0B0000002", Email: "bob@example.com", Password: "Bob-in-sand-2", TOTPSecret: "BOBINTHESANDBOXBOBINTHESANDBOXBO", Level: 3, Role: "member"}, //nolint:gosec // made up and public
	}
}

// Uids of the bots.
const (
	makerUID event.UID = "ID3A0E000003"
	takerUID event.UID = "ID7A0E000004"
)

// markets returns the markets.
func markets() []exchange.Market {
	least := decimal.New(1, -4)
	return []exchange.Market{
		{ID: "btcusd", Base: "btc", Quote: "usd", PriceDigits: 2, VolumeDigits: 4, MinVolume: least},
		{ID: "ethusd", Base: "eth", Quote: "usd", PriceDigits: 2, VolumeDigits: 4, MinVolume: least},
	}
}

// startPrice returns the price at which a market begins.
func startPrice(m exchange.MarketID) float64 {
	if m == "btcusd" {
		return 64_000
	}
	return 3_400
}

// fund deposits the initial balances of all users.
func fund(x *exchange.Exchange) {
	for _, u := range users() {
		x.Deposit(u.UID, "usd", decimal.New(100_000, 0))
		x.Deposit(u.UID, "btc", decimal.New(2, 0))
		x.Deposit(u.UID, "eth", decimal.New(40, 0))
	}
	for _, uid := range []event.UID{makerUID, takerUID} {
		for _, c := range []exchange.Currency{"usd", "btc", "eth"} {
			x.Deposit(uid, c, decimal.New(1, 12))
		}
	}
}
