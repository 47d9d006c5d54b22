# make demo   a car passes a camera, and a dispatcher sees the hit
# make test   everything that must hold
# Each sets up what it needs; a second run starts in seconds.

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
.DEFAULT_GOAL := help
.PHONY: help demo test check style types layers unit supply train train-smoke lock clean

help: ## say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/run.done ## run the whole pipeline on the demo site; ONCE=1 ends after the first hit was served
	$(BIN)/alpr run --demo $(if $(ONCE),--once)

test: .venv/dev.done ## lint, types, layers, and every test
	@sh tests/system_packages.sh
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: .venv/dev.done ## lint, types and layers only
	@$(MAKE) --no-print-directory -j2 --output-sync=target style types layers

style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:
	$(BIN)/mypy

layers:
	$(BIN)/lint-imports

supply: .venv/dev.done ## what the program is made of (CycloneDX), under which licences, and what is known against it
	@mkdir -p var/supply
	$(BIN)/cyclonedx-py requirements requirements/run.lock --output-reproducible --of JSON -o var/supply/sbom.json
	$(BIN)/python -m tests.supply requirements/run.lock var/supply/licences.md
	$(BIN)/python -m tests.advisories requirements/run.lock var/supply/known.json

unit: .venv/dev.done ## the tests that need no server
	$(BIN)/pytest tests/unit

train: .venv-train/done ## make the weights anew, in hours: FRAMES=labels.jsonl of frames of one's own, MINUTES=240, WEIGHTS=folder to start from
	.venv-train/bin/python -m training.recipe --work var/training --minutes $(or $(MINUTES),240) \
	    $(if $(FRAMES),--frames $(FRAMES)) $(if $(WEIGHTS),--weights $(WEIGHTS))

train-smoke: .venv-train/done ## every step of the training in little, in a few minutes
	.venv-train/bin/python -m training.recipe --work var/training --smoke $(if $(FRAMES),--frames $(FRAMES))

lock: .venv/dev.done ## pin the newest versions of requirements/*.in, with hashes
	$(BIN)/pip install --quiet uv
	for set in run dev train; do $(BIN)/uv pip compile requirements/$$set.in --generate-hashes --no-emit-index-url \
	    --no-header --universal --upgrade --quiet --python-version 3.11 -o requirements/$$set.lock; done

.venv-train/done: requirements/train.lock
	@$(PYTHON) -m venv .venv-train 2>/dev/null || sh deploy/install_venv.sh $(PYTHON) .venv-train
	@echo "Installing what the training needs (once, some gigabytes) ..."
	@.venv-train/bin/pip install --quiet --require-hashes -r requirements/train.lock
	@touch $@

clean: ## remove the environment, the caches and the demo's data
	rm -rf .venv .venv-train .cache var/demo .mypy_cache .ruff_cache .pytest_cache

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
