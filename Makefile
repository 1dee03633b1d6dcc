# The commands of everyday work. `make` alone prints them.
# Each recipe is one script or one tool, so that everything also runs without make.

.DEFAULT_GOAL := help
.PHONY: help setup build run test test-envoy example fuzz soak counts bench micro flame format lint clean

BIN := $(CURDIR)/.build/release/mizzen
PLUGINS := $(CURDIR)/.build/plugins
# Static: the binary runs where there is no Swift, starts faster and takes less memory. The run-time checks for
# overlapping accesses are for debug builds, where the tests run; they took a sixth of a small request.
RELEASE := -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## get the engine and the test tools (quick when they are there)
	@scripts/setup

build: setup ## build the release binary, .build/release/mizzen
	swift build $(RELEASE) --product mizzen

run: ## start the quick-start example with an upstream to try it on
	@scripts/run-demo

test: build ## check imports, docs and cases, build the plugins, run every test
	scripts/check-imports
	scripts/check-docs
	scripts/check-cases
	scripts/build-plugins
	# Three runs: tests that wait on sockets would starve those of threads that look at clocks.
	swift test --skip IntegrationTests --skip ModuleFetchTests
	swift test --skip-build --filter ModuleFetchTests
	MIZZEN_BINARY="$(BIN)" MIZZEN_PLUGINS="$(PLUGINS)" swift test --skip-build --filter IntegrationTests
	cd SDK && swift test --scratch-path "$(CURDIR)/.build/sdk-tests"
	cd Plugins && swift test --scratch-path "$(CURDIR)/.build/plugins-tests"
	$(MAKE) --no-print-directory example
	$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=5
	$(MAKE) --no-print-directory soak SOAK=quick

	$(MAKE) --no-print-directory test-envoy
	$(MAKE) --no-print-directory counts

test-envoy: build ## compare Mizzen with Envoy on the same plugins (ONLY=word for some scenarios)
	@# Without a network the comparison is with what Envoy was recorded to do.
	@scripts/setup --envoy || echo "going on without Envoy"
	@scripts/build-plugins --c-only
	python3 Tests/Differential/run.py $(ONLY)

example: setup ## test the library in another server, Examples/hummingbird-middleware
	@scripts/build-plugins --c-only
	@# In our own build folder: most of what it needs is built there already.
	cd Examples/hummingbird-middleware && swift test --scratch-path "$(CURDIR)/.build"

fuzz: setup ## fuzz the parsers and hostcalls (FUZZ_SECONDS=20 each, TARGETS="pairs yaml" for some)
	@scripts/fuzz $(or $(FUZZ_SECONDS),20) $(TARGETS)

soak: build ## swap configurations under traffic, 10,000 times; nothing may fail or grow (SOAK=quick: 500 times)
	@scripts/build-plugins --c-only
	python3 Tests/Soak/soak.py $(if $(filter quick,$(SOAK)),--quick) --mizzen "$(BIN)" --plugins "$(PLUGINS)"

counts: build ## count a request's instructions and allocations, and compare with Benchmarks/counts/expected.json
	@scripts/build-plugins --c-only
	python3 Benchmarks/counts/run.py

bench: build ## measure Mizzen and Envoy side by side (RUNS=5, QUICK=1 for a short one)
	@scripts/setup --bench
	scripts/build-plugins --c-only
	python3 Benchmarks/side-by-side/run.py $(if $(RUNS),--runs $(RUNS)) $(if $(QUICK),--quick)

micro: ## time the parts: header map, codec, route lookup, plugins
	@scripts/build-plugins --c-only
	cd Benchmarks/micro && swift package --scratch-path "$(CURDIR)/.build/micro" benchmark --no-progress

flame: build ## draw where a request's time goes, .build/flame-graph.svg
	@scripts/setup --bench
	scripts/build-plugins --c-only
	python3 Benchmarks/flame.py

format: ## format every Swift file in place
	@scripts/format

lint: ## check the format and the imports
	@scripts/format --check
	@scripts/check-imports

clean: ## remove what was built and fetched
	rm -rf .build .build-plugins .build-plugins.log
