# Each target installs and starts what it needs: see scripts/packages and scripts/services.

# Every target uses the Go that go.mod names, and downloads it if needed,
# whatever the machine's default toolchain is.
export GOTOOLCHAIN := $(shell sed -n 's/^toolchain //p' go.mod)

# Tools are run by `go run`, which keeps their modules out of go.mod. golangci-lint
# is built without cgo, so that it is built once, with or without a C compiler.
GOLANGCI   = CGO_ENABLED=0 go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT = CGO_ENABLED=0 go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOTESTSUM  = go run gotest.tools/gotestsum@v1.13.0
VERSION    = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME   = 30s
TESTFLAGS  =
LINKFLAGS  = -ldflags=-w # test programs without DWARF link in half the time
BENCHFLAGS = # such as -server OLD -server NEW: an old and a new program in turn
SOAK       = TestStorm|TestChaos|TestRollingRestart|TestBrokerKilledUnderLoad|TestFeedBroken|TestHistoryMemory
SCRIPTS    = .ci/run $(filter-out %.yml,$(wildcard scripts/*))

# Programs that tests run: third-party publishers and clients, Node.js for the
# browser client, and Chromium for the page.
PEERS = ruby-bunny ruby-websocket ruby-jwt ruby-activesupport python3-websockets nodejs curl httpie jq chromium

.PHONY: help build check test lint lint-go lint-fix lint-systems lint-scripts vuln fuzz bench growth microbench soak

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[a-z ]*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: ## build bin/ranger
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/ranger ./cmd/ranger

check: lint ## lint and run the tests that need no server or other program: under a minute when warm
	go test -short ./...

test: ## run all tests with -race, against a real RabbitMQ and Redis: some five minutes on two cores
	@command -v gcc >/dev/null || scripts/packages gcc libc6-dev # for -race
	@scripts/packages $(PEERS)
	@scripts/services $(GOTESTSUM) --format pkgname -- -race $(LINKFLAGS) -shuffle=on -timeout 40m $(TESTFLAGS) ./...

lint: ## run all linters; none may find anything
	@command -v shellcheck >/dev/null || scripts/packages shellcheck
	@$(MAKE) --no-print-directory -j2 lint-go lint-fix lint-systems lint-scripts

lint-go:
	$(GOLANGCI) run

lint-fix:
	go mod tidy -diff
	go fix -diff ./...

lint-systems: # vet the files and tests that other systems build
	CGO_ENABLED=0 GOOS=darwin go vet ./...
	CGO_ENABLED=0 GOOS=windows go vet ./...

lint-scripts: # actionlint runs shellcheck on the commands in workflows
	shellcheck $(SCRIPTS)
	$(ACTIONLINT)

vuln: ## run govulncheck, which fails if the code reaches a known vulnerability
	scripts/vuln

fuzz: ## run every fuzz target for FUZZTIME (30s)
	scripts/services scripts/fuzz $(FUZZTIME)

soak: ## break nodes and brokers at full load: some ten minutes
	scripts/services go test -count=1 -timeout 60m -v -run '$(SOAK)' ./cmd/ranger -args -soak

bench: ## measure ranger, in both IO modes, and the baseline in turn: some 35 minutes
	scripts/services go run ./internal/tools/bench/compare $(BENCHFLAGS)

growth: ## measure by number of sockets and draw docs/growth.svg: some 8 minutes
	@mkdir -p bin
	scripts/services go run ./internal/tools/bench/compare -rounds 3 -rows growth,idle-tls -io fast -json bin/growth.json
	go test -run '^$$' -bench Growth -count 3 ./internal/hub > bin/growth.txt
	go run ./internal/tools/bench/growth -servers bin/growth.json -in-process bin/growth.txt -svg docs/growth.svg

microbench: ## run every benchmark of a function
	scripts/services go test -run '^$$' -bench . -skip Growth -benchmem ./...
