# Everything a person or CI does here is a target; `make help` lists them.
# The harness lives in .venv/, made with nothing but Python's own venv and pip; all other state is in .mwaa/.

.DEFAULT_GOAL := help
.PHONY: help venv up down restart status logs open doctor images check check-dags check-all test-dags test test-quick test-faults test-docker-faults lint format lock bench clean

RUNTIME ?=
SERVICE ?=
ARGS ?=
PYTEST_ARGS ?=
# How many tests run at once: files side by side, tests of a file one after the other.
JOBS ?= 2
SIDE_BY_SIDE := -n $(JOBS) --no-loadscope-reorder

# The first interpreter that works and is new enough; PYTHON=… overrides it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10 "$$HOME"/.pyenv/versions/3.1[0-3]*/bin/python3; do \
  "$$p" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 && { printf '%s' "$$p"; break; }; done)

BIN := .venv/bin
MWAA := $(BIN)/mwaa-harness

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/.ready ## Make or refresh the harness's own virtual environment

.venv/.ready: pyproject.toml requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "error: no Python 3.10 or newer with the venv module was found." >&2; \
	  echo "hint: install one (Debian and Ubuntu: apt install python3-venv), or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Setting up .venv/ with $$("$(PYTHON)" --version) (once; about 20 seconds)" >&2
	@"$(PYTHON)" -m venv --clear .venv || { echo "hint: Debian and Ubuntu keep venv in the package python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[^ ;\\]*\).*/\1/p' requirements-dev.lock)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock \
	  || $(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable . \
	  || $(BIN)/python -m pip install --quiet --no-deps --editable .
	@$(BIN)/python -m compileall -q -j 0 .venv/lib harness >/dev/null 2>&1 || true # where PYTHONDONTWRITEBYTECODE is set
	@touch $@

up: venv ## Start the environment and wait until everything is ready (RUNTIME=native|compose)
	@$(MWAA) up $(if $(RUNTIME),--runtime $(RUNTIME)) $(ARGS)

down: venv ## Stop the environment; data stays (ARGS=--volumes deletes it)
	@$(MWAA) down $(ARGS)

restart: venv ## Restart one service: make restart SERVICE=scheduler
	@$(MWAA) restart $(SERVICE)

status: venv ## Show each service: state, pid, uptime, port, memory, last exit
	@$(MWAA) status $(ARGS)

logs: venv ## Show logs: make logs SERVICE=worker ARGS=-f
	@$(MWAA) logs $(ARGS) $(SERVICE)

open: venv ## Print the UI's address and credentials
	@$(MWAA) open $(ARGS)

doctor: venv ## Say what this machine has and lacks, with the fix for each line
	@$(MWAA) doctor $(ARGS)

images: venv ## Have the container images: pulled, or made here (EXPORT=images.tar, IMPORT=images.tar)
	@$(MWAA) images $(if $(EXPORT),--export "$(EXPORT)") $(if $(IMPORT),--import "$(IMPORT)") $(ARGS)

test-dags: venv ## Run every DAG end to end, starting an environment if none is up (PYTEST_ARGS="-k demo")
	@$(MWAA) test-dags $(PYTEST_ARGS)

check: venv ## Say what requirements.txt would do to the environment, in seconds (ARGS=--fix)
	@$(MWAA) check requirements $(ARGS)

check-dags: venv ## Say what is wrong with the DAG files (ARGS=--watch, ARGS="--html dags.html")
	@$(MWAA) check dags $(ARGS)

check-all: venv ## Every check: requirements, DAGs, plugins, startup script, configuration
	@$(MWAA) check $(ARGS)

test: lint ## Lint, types, import contracts, then the tests of the harness
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST_ARGS)

test-faults: venv ## Kill each service in turn while thirty runs are in flight (five minutes; part of test)
	@$(BIN)/python -m pytest tests/fault $(PYTEST_ARGS)

test-docker-faults: venv ## Kill, cut off and scale containers while thirty runs are in flight (part of test)
	@$(BIN)/python -m pytest tests/docker/test_faults.py $(PYTEST_ARGS)

test-quick: lint ## As test, without what starts environments or reaches a registry
	@$(BIN)/python -m pytest -m "not environment and not network and not docker and not slow" $(PYTEST_ARGS)

lint: venv ## Check style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: venv ## Rewrite the code in the project's format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: venv ## Resolve the harness's own dependencies again
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-annotate --upgrade \
	  --custom-compile-command "make lock" --group dev pyproject.toml -o requirements-dev.lock
	@{ echo '# Written by `make lock`; do not edit.'; $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-emit-index-url \
	  --no-annotate --no-header --no-emit-package ruff --constraints requirements-dev.lock pyproject.toml; } >harness/locks/container-python-3.10.txt

bench: venv ## Measure against the usual tools; prints a table and writes benchmarks/results.json
	@$(BIN)/python -m benchmarks $(ARGS)

clean: venv ## Stop the environment and delete all state (.mwaa/ and .venv/)
	@$(MWAA) down --volumes || true
	@rm -rf .mwaa .venv
