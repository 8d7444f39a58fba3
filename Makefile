# What there is to do here; `make` alone lists it. Works with GNU make from 3.81 on.

PYTHON ?= python3
UV ?= uv

VENV := .venv
BIN := $(VENV)/bin
SETUP_STAMP := $(VENV)/.setup-stamp
LOCK_STAMP := $(VENV)/.lock-stamp

# For Pulumi and the programs it starts; make itself calls everything by path.
export PATH := $(CURDIR)/.engine/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup engine up down test lint types unit e2e bench lock clean
# The checks share caches, and the demo is one process: never two targets at once.
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(SETUP_STAMP) engine ## virtual environment and Pulumi; quick when nothing changed

engine: $(LOCK_STAMP) ## a Pulumi CLI in .engine/bin: the installed one, or one built once
	@$(BIN)/python tools/engine/engine.py

up: setup ## deploy the example against the simulator
	@$(BIN)/python tools/demo/demo.py up

down: ## destroy the example and stop the simulator
	@$(PYTHON) tools/demo/demo.py down

test: lint types unit e2e ## all checks and tests

lint: $(SETUP_STAMP) ## style, format, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: $(SETUP_STAMP) ## mypy and pyright
	$(BIN)/mypy --strict __main__.py provider
	$(BIN)/mypy --strict tools
	@# Test folders may each have a conftest.py, which mypy tells apart by their paths only.
	$(BIN)/mypy --strict --explicit-package-bases tests
	$(BIN)/pyright --pythonpath $(BIN)/python

unit: $(SETUP_STAMP) ## tests without the CLI, with coverage
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests --ignore tests/e2e --ignore tests/bench
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage report --include='*/waiting/*,*/api/*' --fail-under=95

e2e: setup ## tests with the real CLI
	@# Most of their time is waiting: some side by side, on two cores too.
	$(BIN)/python -m pytest tests/e2e -n 6 --dist worksteal

bench: setup ## many waits beside one alone; minutes long, no part of the tests
	$(BIN)/python -m tests.bench.many_jobs
	$(BIN)/python -m tests.bench.interrupt
	$(BIN)/python -m tests.bench.request_budget

lock: ## pin all packages anew, with their hashes
	$(UV) pip compile pyproject.toml --group dev --group oracle --constraints constraints.txt --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements.lock

clean: ## stop the demo and remove all that was made here
	-@$(PYTHON) tools/demo/demo.py discard
	rm -rf $(VENV) .engine .demo .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist

# `pip install -r` never removes: a package that has left the lock would stay, so each lock gets a new environment.
$(LOCK_STAMP): requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(SETUP_STAMP): $(LOCK_STAMP) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
