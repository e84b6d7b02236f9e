# Each target installs and starts what it needs by itself: scripts/services says how.

# Tools are run by `go run`, so that their modules stay out of go.mod; lint without
# cgo, so that it is built once, whether or not there is a C compiler.
GOLANGCI  = CGO_ENABLED=0 go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOTESTSUM = go run gotest.tools/gotestsum@v1.13.0
VERSION   = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME  = 30s
TESTFLAGS =
BENCHFLAGS = # such as -server OLD -server NEW: an old and a new program in turn
SOAK      = TestStorm|TestChaos|TestRollingRestart|TestBrokerKilledUnderLoad|TestFeedBroken|TestHistoryMemory

# Peers that tests run against: publishers and clients that are not ours, and
# what runs the browser client and the page.
PEERS = ruby-bunny ruby-websocket ruby-jwt ruby-activesupport python3-websockets nodejs curl httpie jq chromium

.PHONY: help build check test lint fuzz bench growth microbench soak

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[a-z ]*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: ## build bin/ranger
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/ranger ./cmd/ranger

check: lint ## lint and the tests that need no server and no other program: under a minute when warm
	go test -short ./...

test: ## run all tests with -race, against a real RabbitMQ and Redis: some five minutes on two cores
	@command -v gcc >/dev/null || scripts/packages gcc libc6-dev # for -race
	@scripts/packages $(PEERS)
	@scripts/services $(GOTESTSUM) --format pkgname -- -race -shuffle=on -timeout 40m $(TESTFLAGS) ./...

lint: ## run golangci-lint, go fix and go mod tidy, which must find nothing
	$(GOLANGCI) run
	go fix -diff ./...
	go mod tidy -diff

fuzz: ## run every fuzz target for FUZZTIME (30s)
	scripts/services scripts/fuzz $(FUZZTIME)

soak: ## break nodes and brokers at full load: some ten minutes
	scripts/services go test -count=1 -timeout 60m -v -run '$(SOAK)' ./cmd/ranger -args -soak

bench: ## measure ranger, in both IO modes, and the baseline side by side: some 35 minutes
	scripts/services go run ./internal/tools/bench/compare $(BENCHFLAGS)

growth: ## measure sockets by their number and draw docs/growth.svg: some 8 minutes
	@mkdir -p bin
	scripts/services go run ./internal/tools/bench/compare -rounds 3 -rows growth,idle-tls -io fast -json bin/growth.json
	go test -run '^$$' -bench Growth -count 3 ./internal/hub > bin/growth.txt
	go run ./internal/tools/bench/growth -servers bin/growth.json -in-process bin/growth.txt -svg docs/growth.svg

microbench: ## run every benchmark of a function
	scripts/services go test -run '^$$' -bench . -skip Growth -benchmem ./...
