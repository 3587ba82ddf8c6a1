# The commands of daily work. Each sets up what it needs first; `make setup` is quick when there is nothing to do.
.PHONY: setup build demo test bench wheel lint format clean

JOBS ?= $(shell nproc)
PRESET ?= release
CTEST_ARGS ?=

setup:
	@tools/setup.sh

# Programs go to build/release/bin.
build: setup
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET) --parallel $(JOBS)

demo: build
	@tools/demo.sh

# One test: make test CTEST_ARGS='-R name'
test: build
	ctest --preset $(PRESET) $(CTEST_ARGS)

bench: build
	@tools/bench.sh

# The Python package, into build/wheel.
wheel: setup
	@tools/wheel.sh

lint:
	@tools/lint.sh

format:
	@tools/lint.sh --fix

clean:
	rm -rf build
