# What there is to do here; `make` alone lists it. Works with GNU make from 3.81 on.

PYTHON ?= python3
UV ?= uv

VENV := .venv
BIN := $(VENV)/bin
# What is in the environment by now: the packages to run a program, this project itself, all for checks and tests.
LOCK_STAMP := $(VENV)/.lock-stamp
RUN_STAMP := $(VENV)/.run-stamp
SETUP_STAMP := $(VENV)/.setup-stamp
# A second environment, with the newest SDK.
NEWEST := .venv-newest
NEWEST_STAMP := $(NEWEST)/.setup-stamp
# What the installed project says of itself.
METADATA := pyproject.toml provider/pulumi_bms/_version.py

# For Pulumi and the programs it starts; make itself calls everything by path.
export PATH := $(CURDIR)/.engine/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup engine up pulumi down test lint types unit newest e2e bench lock clean
# The checks share caches, and the demo is one process: never two targets at once.
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(SETUP_STAMP) engine ## all packages and Pulumi; quick when nothing changed

engine: $(LOCK_STAMP) ## a Pulumi CLI in .engine/bin: the installed one, or one built once
	@$(BIN)/python tools/engine/engine.py

up: $(RUN_STAMP) engine ## deploy the example against the simulator; SCENARIO=fail-one shows a failure
	@$(BIN)/python tools/demo/demo.py up $(SCENARIO)

pulumi: $(RUN_STAMP) engine ## run Pulumi on the example's stack: make pulumi ARGS="stack output"
	@$(BIN)/python tools/demo/demo.py pulumi $(ARGS)

down: ## destroy the example and stop the simulator
	@$(PYTHON) tools/demo/demo.py down

test: lint types unit newest e2e ## all checks and tests

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
	@# Much of their time is waiting: more workers than cores.
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest tests --ignore tests/e2e --ignore tests/bench -n 6 --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	$(BIN)/coverage report --include='*/waiting/*,*/api/*' --fail-under=95

newest: $(NEWEST_STAMP) engine ## what meets the SDK, with the newest one; all other tests run with the oldest
	@# Type checkers are in the first environment only.
	$(NEWEST)/bin/python -m pytest tests/host tests/unit/resources tests/unit/test_public_surface.py tests/unit/test_mocks.py \
	    -n 2 -k "not type_checker"
	$(NEWEST)/bin/python -m pytest tests/e2e/test_lifecycle.py -n 6 --dist worksteal

e2e: setup ## tests with the real CLI
	@# Most of their time is waiting: some side by side, on two cores too.
	$(BIN)/python -m pytest tests/e2e -n 6 --dist worksteal

bench: setup ## imports, and many waits beside one alone; minutes long, no part of the tests
	$(BIN)/python -m tests.bench.import_time
	$(BIN)/python -m tests.bench.many_jobs
	$(BIN)/python -m tests.bench.many_servers
	$(BIN)/python -m tests.bench.no_change
	$(BIN)/python -m tests.bench.interrupt
	$(BIN)/python -m tests.bench.request_budget

PIN := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --custom-compile-command "make lock"

lock: ## pin all packages anew, with their hashes
	$(PIN) --group build --constraints constraints.txt --output-file requirements.lock
	@# All that is in the first one, and more.
	$(PIN) --group dev --group oracle --constraints requirements.lock --output-file requirements-dev.lock
	@# The newest of everything, as a user gets today.
	$(PIN) --group test --upgrade --output-file requirements-newest.lock

clean: ## stop the demo and remove all that was made here
	-@$(PYTHON) tools/demo/demo.py discard
	rm -rf $(VENV) $(NEWEST) .engine .demo .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache \
	    .import_linter_cache dist

INSTALL := -m pip install --quiet --disable-pip-version-check

# $(call environment,FOLDER,LOCK): a new environment. `pip install -r` never removes: a package that has left a lock
# would stay, so each change of a lock gets a new environment.
define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "setup: making the Python environment $(1)"
	@$(PYTHON) -m venv --clear $(1)
	$(call packages,$(1),$(2))
endef

define packages
	@echo "setup: installing the $$(grep -c '^[a-z].*==' $(2)) packages of $(2)"
	@$(1)/bin/python $(INSTALL) --require-hashes -r $(2)
endef

define project
	@echo "setup: installing this project into $(1)"
	@$(1)/bin/python $(INSTALL) --no-deps --no-build-isolation -e .
endef

# The packages for checks and tests come on top of those for running: a change of theirs, too, means a new environment.
$(LOCK_STAMP): requirements.lock requirements-dev.lock
	$(call environment,$(VENV),requirements.lock)
	@touch $@

$(RUN_STAMP): $(LOCK_STAMP) $(METADATA)
	$(call project,$(VENV))
	@touch $@

$(SETUP_STAMP): $(RUN_STAMP)
	$(call packages,$(VENV),requirements-dev.lock)
	@touch $@

$(NEWEST_STAMP): requirements-newest.lock $(METADATA)
	$(call environment,$(NEWEST),requirements-newest.lock)
	$(call project,$(NEWEST))
	@touch $@
