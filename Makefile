# Every command there is. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := list
MAKEFLAGS += --no-builtin-rules
# Portal, worker and converters are processes of their own: without compiled modules each start costs seconds.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PYTHON_STAMP := $(VENV)/.installed
NODE_STAMP := frontend/node_modules/.installed
ASSETS := src/importal/web_assets/index.html
SOURCES = $(shell find frontend -path frontend/node_modules -prune -o -type f -not -name '*.test.ts' -print)

.PHONY: list setup frontend demo demo-check test check fix record bench bench-coding bench-dicom bench-transfer bench-slow bench-lines proof fuzz kills lock
.PHONY: check-style check-types check-rules check-pages

list: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(PYTHON_STAMP) frontend ## install what is locked into .venv and frontend/node_modules, and build the pages

frontend: $(ASSETS) ## build the pages of sender and desk, when their sources changed

demo: setup ## start portal, worker and a stand-in PACS with sample discs (PORT=8080 sets its port); Ctrl-C stops all
	@$(BIN)/importal demo $(if $(PORT),--port $(PORT))

demo-check: setup ## walk the whole road of an upload without a person, and print what happened
	@$(BIN)/importal demo --check

test: setup check ## run the checks and every test, from fast to slow
	@tools/test-tiers $(BIN)/pytest
	@echo "== frontend"; cd frontend && npm test --silent
	@echo "== demo-check"; $(BIN)/importal demo --check

check: setup ## format, lint, types, import contracts and our own rules; under a minute
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-pages check-style check-rules

check-style:
	@$(BIN)/ruff format --check || { echo "run 'make fix'"; exit 1; }
	@$(BIN)/ruff check --quiet

check-types:
	@$(BIN)/mypy

check-rules:
	@said=$$($(BIN)/lint-imports --no-logo) || { echo "$$said"; exit 1; }; tail -n 1 <<<"$$said"
	@$(BIN)/python -m tools.check

check-pages:
	@cd frontend && npm run --silent check

fix: setup ## format, and mend what can be mended by a machine
	@$(BIN)/ruff format --quiet
	@$(BIN)/ruff check --fix --quiet
	@cd frontend && npm run --silent fix

record: setup ## renew the generated reference and the OpenAPI file after a change that is meant
	@$(BIN)/python -m tools.reference --write
	@$(BIN)/python -m tools.openapi --write

bench: setup ## measure the engine and the store on this machine
	@$(BIN)/python -m tools.bench

bench-coding: setup ## measure what transport coding saves and costs, on images of the corpus
	@$(BIN)/python -m tools.bench.coding

bench-dicom: setup ## measure the engine beside copying and beside other tools; takes some minutes
	@$(BIN)/python -m tools.bench.engine

bench-transfer: setup ## measure what the server takes beside archives, upload servers and copying; takes some minutes
	@$(BIN)/python -m tools.bench.transfer

bench-slow: setup ## measure how soon two hundred slow senders at once are answered
	@$(BIN)/python -m tools.bench.slow

bench-lines: setup ## measure the sender over shaped lines, beside the time on the wire; needs root
	@$(BIN)/python -m tools.bench.lines

proof: setup ## send every object of the corpus through the engine, and let other readers compare; some minutes
	@nice -n 5 $(BIN)/python -m tools.proof

fuzz: setup ## try a million hostile inputs on everything that reads foreign bytes; takes about an hour
	@nice -n 5 $(BIN)/python -m tools.fuzz

kills: setup ## send discs while server, client, line and disk break, and compare what is left; takes about an hour
	@nice -n 5 $(BIN)/python -m tests.kills

lock: ## renew the locks from pyproject.toml and package.json
	@tools/lock

$(PYTHON_STAMP): requirements/dev.txt pyproject.toml tools/install
	@tools/install $(VENV)
	@touch $@

$(NODE_STAMP): frontend/package-lock.json
	@tools/node-version
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(ASSETS): $(NODE_STAMP) $(SOURCES)
	@cd frontend && npm run build --loglevel=error
	@touch $@
