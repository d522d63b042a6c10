# SPDX-License-Identifier: GPL-2.0-or-later
# A thin front of meson: `make help` lists what there is.
.DEFAULT_GOAL := build/picket
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
RULES ?=
DEV ?=
ARGS ?=
FUZZ_SECONDS ?= 60

.PHONY: help run test test-long test-posit test-kernels test-kernels-long \
    asan fuzz check format bench install clean FORCE

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z\/-]*:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

build/build.ninja:
	meson setup build

build/picket: build/build.ninja FORCE ## build the program (what a bare `make` does)
	ninja -C build src/cli/picket
	@ln -sf src/cli/picket build/picket

run: ## as root: install what is missing, build, run the demo; RULES=file [DEV=eth0] [ARGS=...] guards
	tools/setup build run
	@$(MAKE) build/picket
ifeq ($(RULES),)
	build/picket demo
else
	build/picket apply $(RULES) $(foreach d,$(DEV),--dev $(d)) $(ARGS)
endif

test: ## install what is missing, build, run every test that can run here
	@rm -f build/summary
	tools/setup build run test
	@$(MAKE) build/picket
	@tools/peers
	@tools/test --no-suite long --no-suite posit-long --no-suite kernels --no-suite kernels-long

test-long: ## all of make test, every mutant, 4,000 random rounds; about an hour on 2 quiet cores
	tools/setup build run test
	@$(MAKE) build/picket
	@tools/peers
	@tools/test --no-suite posit-long --no-suite kernels --no-suite kernels-long

test-posit: ## the posit library's exhaustive tests: all pairs of posit16, 10^7 of the larger; hours
	tools/setup build run test
	@$(MAKE) build/picket
	@tools/test --suite posit-long

test-kernels: ## boot Linux 6.1 and 6.12 in an emulator and test there; about 10 minutes on 2 cores
	@rm -f build/summary
	tools/setup build run test
	-@tools/setup kernels # without it, counted skips
	@$(MAKE) build/picket
	@tools/peers
	@tools/kernels
	@tools/test --suite kernels

test-kernels-long: ## the same with every case that make test has there; hours when emulated
	tools/setup build run test kernels
	@$(MAKE) build/picket
	@tools/peers
	@tools/kernels
	@tools/test --suite kernels-long

asan: ## the pure tests under ASan and UBSan, in build-asan
	@# gcc's warnings are not to be trusted beside sanitizers, its manual says
	@[ -e build-asan/build.ninja ] || meson setup build-asan -Dwerror=false \
	    -Db_sanitize=address,undefined -Db_lundef=false --buildtype=debug -Doptimization=1
	@tools/test --build build-asan --suite unit --suite golden \
	    --suite posit --suite telemetry

fuzz: ## the fuzz targets, FUZZ_SECONDS=60 each, in build-fuzz
	tools/setup build check
	@[ -e build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true \
	    -Dc_args=-fsanitize=fuzzer-no-link,address,undefined \
	    -Dc_link_args=-fsanitize=address,undefined
	@tools/fuzz build-fuzz $(FUZZ_SECONDS)

check: ## layers, style, format, cppcheck, clang-tidy; about 3 minutes on 2 cores
	tools/setup build check
	@$(MAKE) build/build.ninja
	@ninja -C build build.ninja >/dev/null # the list of what it compiles
	@tools/check

format: ## clang-format over the tree
	tools/setup check
	git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

bench: ## the measured table, against the peers
	tools/setup build run test
	@$(MAKE) build/picket
	@tools/peers
	. build/peers/env.sh && build/picket bench

install: build/build.ninja ## install (DESTDIR and meson's prefix are respected)
	meson install -C build

clean: ## remove what was built
	rm -rf build build-asan build-fuzz

FORCE:
