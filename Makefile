# Two commands suffice: `make demo` and `make test`. `make help` lists the rest.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
export FOOTFALL_HOME ?= $(CURDIR)/var
export DAGSTER_HOME ?= $(FOOTFALL_HOME)/dagster
export MPLBACKEND ?= agg
# Tests of one file share what they set up, so a file stays with one process. Integration tests wait
# for servers and sensors as often as for a processor.
JOBS ?= 2
PYTEST := $(BIN)/pytest --dist loadfile --numprocesses

.DEFAULT_GOAL := help
.PHONY: help demo ui test test-long cluster-test lint types unit integration coverage weights install clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: install weights ## Install, render the example day, materialise it, print it beside the truth
	$(BIN)/footfall demo

ui: install ## Start Dagster's webserver and daemon on what the demo made
	$(BIN)/footfall ui

test: lint types unit integration ## Every check that CI runs

test-long: install weights ## What takes longer: all leaks, kills and mutants, twenty seeds, a fortnight, a month
	$(BIN)/pytest -s -m long --ignore tests/privacy/test_corpus.py --ignore tests/integration/prove tests
	$(BIN)/pytest -s -m "long or not long" tests/privacy/test_corpus.py tests/integration/prove

cluster-test: install ## The grown profile, really run: PostgreSQL, a bucket, Ray on hosts of its own, and what breaks
	$(BIN)/pytest -s tests/cluster

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install
	$(BIN)/mypy

unit: install
	$(PYTEST) $(JOBS) tests/unit

integration: install weights
	$(PYTEST) $$(($(JOBS) + 1)) tests/integration tests/privacy

coverage: install weights ## The tests again, and which lines they leave out; a quarter slower
	$(PYTEST) $(JOBS) --cov tests

weights: install ## Fetch the detector's weights, once
	$(BIN)/footfall weights

install: $(INSTALLED) ## Install everything into .venv

# torch goes first and pinned: left to itself, pip brings several GB of CUDA libraries with it.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "installing torch"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch torchvision
	@echo "installing everything else (a minute or two)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean: ## Remove what was made in var/: recordings, lake, warehouse, runs
	rm -rf $(CURDIR)/var
