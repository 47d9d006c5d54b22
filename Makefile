# make demo   a car passes a camera, and a dispatcher sees the hit
# make test   everything that must hold
# Each sets up what it needs; a second run starts in seconds.

PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test check unit integration lock clean

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/run.done ## run the whole pipeline on the demo site; ONCE=1 ends after the first hit was served
	$(BIN)/alpr run --demo $(if $(ONCE),--once)

test: .venv/dev.done ## lint, types, layers, and every test
	@sh tests/system_packages.sh
	$(MAKE) --no-print-directory check
	$(BIN)/pytest

check: .venv/dev.done ## lint, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/dev.done ## the tests that need no server
	$(BIN)/pytest tests/unit

lock: .venv/dev.done ## pin the newest versions of requirements/*.in, with hashes
	$(BIN)/pip install --quiet uv
	for set in run dev; do $(BIN)/uv pip compile requirements/$$set.in --generate-hashes --no-emit-index-url \
	    --no-header --universal --upgrade --quiet --python-version 3.11 -o requirements/$$set.lock; done

clean: ## remove the environment, the caches and the demo's data
	rm -rf .venv .cache var/demo .mypy_cache .ruff_cache .pytest_cache

.venv/run.done: requirements/run.lock pyproject.toml | .venv/bin/python
	@echo "Installing what the program needs (once, about a minute) ..."
	@$(BIN)/pip install --quiet --require-hashes -r requirements/run.lock
	@$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

.venv/dev.done: requirements/dev.lock .venv/run.done
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/pip install --quiet --require-hashes -r requirements/dev.lock
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv 2>/dev/null || sh deploy/install_venv.sh $(PYTHON) .venv
