# Everything a developer runs. `make` alone lists the targets.
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s
BENCH   ?= .
# Two cores are the smallest machine that the tests are timed for.
TESTFLAGS ?= -race -timeout 15m

.PHONY: help run sample build test lint generate generate-check bench fuzz clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

build: ## all binaries, to bin/
	@echo "building bin/ (the first time compiles the dependencies: a minute or two)"
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/muster .
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/arena-server ./sample-game/server
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/platform ./sample-game/platform
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/plugins/sparks-rules ./sample-game/rules
	@for p in plugins/*/main.go; do p=$$(basename $$(dirname $$p)); \
	  CGO_ENABLED=0 $(GO) build -trimpath -o bin/plugins/$$p ./plugins/$$p || exit 1; done

run: build ## build all and run the server with the sample game
	@exec bin/muster serve -config config.hcl

sample: run ## the same as run

test: ## all tests, with the race detector
	@bash .ci/install-deps.sh chromium nodejs mono-mcs mono-runtime python3-grpcio python3-protobuf python3-cryptography
	cd tools && $(GO) test ./...
	$(GO) test $(TESTFLAGS) ./...

lint: ## gofmt, vet, staticcheck, generated files fresh, JavaScript syntax
	@bash .ci/lint

generate: ## everything that is generated, from sdk/proto
	@bash .ci/generate

generate-check: ## fail if a generated file is stale
	@bash .ci/generate --check

bench: ## every figure of docs/performance.md, by its name
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 30m ./...

fuzz: ## each fuzz target for FUZZTIME (10s)
	@bash .ci/fuzz $(FUZZTIME)

clean: ## remove what build made
	rm -rf bin
