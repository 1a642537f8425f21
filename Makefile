# inferencex: everything that a newcomer or CI needs. `make help` lists the targets.

export CGO_ENABLED := 0

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  := -s -w -X github.com/strangeloopio/inferencex/cmd/inferencex/internal/cli.version=$(VERSION)
BINARY   := bin/inferencex
PACKAGES := ./...

.DEFAULT_GOAL := help
.PHONY: help quickstart build test accuracy check nightly format lint race examples generated gen
.PHONY: fit bench fuzz soak crash vuln foreign clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 14

quickstart: build ## build, then run configs/quickstart.hcl on the simulated endpoint: no GPU, no account
	$(BINARY) run configs/quickstart.hcl

build: ## build bin/inferencex, a static binary
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o $(BINARY) ./cmd/inferencex

test: ## run the tests, none of which asks how fast this machine is
	go test -timeout 15m -parallel 8 $(PACKAGES)

accuracy: ## judge the claims about time, beside a control: wants a machine with nothing else to do
	go test -tags accuracy -run '^TestAccuracy' -v -count 1 -p 1 -timeout 25m $$(find . -name '*accuracy_test.go' -exec dirname {} \; | sort -u)

check: format lint test race generated examples ## what must hold at every commit; CI runs it

nightly: ## accuracy, crash, fuzz, soak, fit, bench, vuln and foreign, then a table of how each ended: under two hours
	@.ci/nightly

format: ## fail if a file is not formatted
	@unformatted=$$(go tool gofumpt -l cmd configs pipeline schemas stages); \
	if [ -n "$$unformatted" ]; then echo "not formatted (go tool gofumpt -w):"; echo "$$unformatted"; exit 1; fi

lint: ## vet, staticcheck, actionlint, and no code that no command reaches
	go vet -tags accuracy $(PACKAGES)
	go tool staticcheck -tags accuracy $(PACKAGES)
	go tool actionlint -shellcheck= -pyflakes=
	@unreached=$$(go tool deadcode ./cmd/...) || exit 1; \
	if [ -n "$$unreached" ]; then echo "no command reaches this: remove it, or move it to where the tests are that do:"; echo "$$unreached"; exit 1; fi
	go mod verify >/dev/null
	go mod tidy -diff

race: ## run the concurrent packages under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -short $(RACE)

RACE := ./pipeline/... ./stages/client/... ./stages/traffic/... ./stages/load/... ./stages/warmup/... ./stages/power/... ./stages/deploy/...

generated: build ## fail if a generated file is not what its generator writes
	@$(BINARY) schema -md | cmp - schemas/LANGUAGE.md && $(BINARY) schema -json | cmp - schemas/suite.schema.json && \
	  $(BINARY) schema -events | cmp - schemas/event.schema.json && \
	  $(BINARY) schema -metrics | cmp - schemas/METRICS.md && $(BINARY) schema -tables | cmp - schemas/TABLES.md || \
	  { echo "generated files differ: run make gen and commit what it wrote"; exit 1; }

gen: build ## write what is generated anew: the references of the language, of metrics and of tables, and the JSON Schemas of suites and events
	$(BINARY) schema -md > schemas/LANGUAGE.md
	$(BINARY) schema -json > schemas/suite.schema.json
	$(BINARY) schema -events > schemas/event.schema.json
	$(BINARY) schema -metrics > schemas/METRICS.md
	$(BINARY) schema -tables > schemas/TABLES.md

examples: build ## validate and plan every suite in configs
	@for suite in configs/*.hcl; do $(BINARY) validate $$suite && $(BINARY) plan -dir /nonexistent $$suite >/dev/null || exit 1; done

fit: ## play published measurements on the simulator: its error by model and GPU, and what a refit would find
	@go test -count 1 -v -run '^(TestFit|TestRefit)$$' ./stages/simulator/virtualtest $(FLAGS)

bench: ## run the benchmarks; each gives a ratio or an error measured in one run
	go test -run '^$$' -bench . -benchtime 1s $(PACKAGES)

FUZZTIME := 60s

fuzz: ## run every fuzz target for FUZZTIME (60s)
	@.ci/fuzz $(FUZZTIME)

soak: ## a million requests, and a server that resets, stalls and dies: about two minutes
	go test -run '^TestSoak$$' -v -timeout 30m ./stages/load -soak 1000000

crash: ## kill the program at every boundary between two of its writes and at random times, and go on: about eight minutes
	go test -run '^TestCrash$$' -count 1 -v -timeout 60m ./cmd/inferencex/internal/crash -whole -kills 50

vuln: ## look for known vulnerabilities (needs the network beyond the module proxy)
	go tool govulncheck $(PACKAGES)

foreign: build ## compare with clients from PyPI (3.4 GB of packages) on equal work: about ten minutes
	stages/simulator/foreign/fetch
	stages/simulator/foreign/measure.py

clean: ## remove what was built; runs/ stays
	rm -rf bin
