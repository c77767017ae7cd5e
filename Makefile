# Everything runs in .venv, which the first target that needs it creates (tools/bootstrap.sh).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV
# Without bytecode, each process that a test starts would compile the package again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/.ready
STUDY ?= models/city_pilot_zones.toml
FILE ?=
OUT ?=
ARGS ?=
MINUTES ?= 10
ENGINES ?= polars polars-runtime-32 ibis-framework 'sqlglot<28' pyarrow-hotfix parsy toolz atpublic regex \
	rich markdown-it-py mdurl pygments pyspark py4j psycopg psycopg-binary
export PYTHON

.PHONY: help env study new test test-all quick test-lowest package test-engines fuzz faults docs notebooks update lint format bench bench-scale bench-peers calibrate clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

env: $(READY)  ## Create or refresh the environment in .venv

$(READY): pyproject.toml constraints.txt tools/bootstrap.sh tools/uv.sh tools/pip_to_uv.py
	@tools/bootstrap.sh

study: $(READY)  ## The main job: run STUDY into OUT, results/NAME by default (the pilot zones)
	@$(BIN)/bayes-nqp run "$(STUDY)" $(if $(OUT),--out "$(OUT)") --force $(ARGS)

new: $(READY)  ## Write a study for your own FILE (.xlsx, .dta, .csv, .parquet), to be read and corrected
	@$(BIN)/bayes-nqp new "$(FILE)" $(ARGS)

test: $(READY)  ## What is needed to trust an installation, in about eight minutes; no network
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not slow" $(ARGS)

test-all: $(READY)  ## Every test, in about forty minutes: before a release, and after a change of many files
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

quick: $(READY)  ## Every room once (tests/quick.txt), within a minute of processor time
	@$(BIN)/python -m pytest -q -n 0 @tests/quick.txt $(ARGS)

test-lowest:  ## The same tests on the lowest supported versions, whose own warnings are let be
	@tools/bootstrap.sh lowest
	@.venv-lowest/bin/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -W default $(ARGS)

test-engines: $(READY)  ## Tables in engines that the tests do not need, each where it can be installed
	@tools/bootstrap.sh engines $(ENGINES)
	@PYTHONPATH=.cache/engines $(BIN)/python -m pytest -n 0 -W default tests/data/panel/test_table.py -k any_engine $(ARGS)

fuzz: $(READY)  ## Hostile frames, files, studies and saved fits, new ones each time, for about MINUTES
	@BAYES_NQP_FUZZ_MINUTES=$(MINUTES) $(BIN)/python -m pytest tests/fuzz $(ARGS)

faults: $(READY)  ## Plant faults one at a time (tools/faults.toml), and say which the tests catch
	@$(BIN)/python tools/faults.py $(ARGS)

package: $(READY)  ## Build dist/, install the wheel far from here, and run a study with it
	@tools/package.sh

docs: $(READY)  ## The documentation as a site in docs/_build/html; warnings are errors
	@$(BIN)/python -m sphinx -b html -W --keep-going -q docs docs/_build/html
	@echo docs/_build/html/index.html

notebooks: $(READY)  ## Run the notebooks in place; ARGS=03 runs one of them
	@$(BIN)/python tools/notebooks.py $(ARGS)

update: $(READY)  ## Write what follows from the sources: catalogues, stubs, schema, lists of the reference
	@$(BIN)/python -m tools.catalogue $(ARGS)
	@$(BIN)/python -m tools.update

lint: $(READY)  ## ruff, mypy, import layers, spelling; all of them, whichever fails
	@status=0; \
	$(BIN)/python -m ruff check || status=1; \
	$(BIN)/python -m ruff format --check || status=1; \
	$(BIN)/python -m mypy || status=1; \
	$(BIN)/lint-imports || status=1; \
	$(BIN)/python -m codespell_lib || status=1; \
	$(BIN)/python -m tools.update --check || status=1; \
	exit $$status

format: $(READY)  ## Let ruff format and repair
	@$(BIN)/python -m ruff format
	@$(BIN)/python -m ruff check --fix

bench: $(READY)  ## Measure speed and memory against the row-by-row model and peers
	@$(BIN)/python -m benchmarks.speed $(ARGS)

bench-scale: $(READY)  ## Millions of rows of firms from a file to a plan and a fit, on one thread
	@$(BIN)/python -m benchmarks.tables --scale

bench-peers: $(READY)  ## Beside other packages, in an environment of theirs; takes hours
	@[ -x .venv-peers/bin/python ] || benchmarks/peers_env.sh
	@$(BIN)/python -m benchmarks.peers $(ARGS)

calibrate: $(READY)  ## Coverage and simulation-based calibration; takes hours
	@$(BIN)/python -m benchmarks.calibration $(ARGS)
	@$(BIN)/python -m benchmarks.sbc

clean:  ## Remove the environment, the caches and the results
	@rm -rf .venv .venv-lowest .venv-peers .tools .cache results dist build docs/_build docs/reference/generated docs/notebooks .mypy_cache .ruff_cache \
	    .pytest_cache .import_linter_cache .hypothesis
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
