# q2c: `make demo` and `make test` are all that a fresh machine needs.
SHELL := bash
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: env env-dev demo up down test check format bench soak lock clean

## env: .venv with what the product needs, from the lock of hashes
env: $(VENV)/.run
$(VENV)/.run: requirements/run.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements/run.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

## env-dev: the same, and what tests, lint and types need
env-dev: $(VENV)/.dev
$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements/dev.lock
	@touch $@

demo: env
	@$(BIN)/q2c demo

up: env
	@$(BIN)/q2c up

down:
	@$(BIN)/q2c down

test: env env-dev
	@$(BIN)/python -m pytest

check: env env-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: env env-dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: env
	@$(BIN)/python -m bench

## soak: the long part of the suites, beyond what `make test` runs
soak: env env-dev
	@Q2C_SOAK=1 Q2C_ORACLE_RUNS=10000 $(BIN)/python -m pytest --timeout 3600 -m soak
	@Q2C_SOAK=1 Q2C_ORACLE_RUNS=10000 $(BIN)/python -m pytest --timeout 3600 -m "not soak" tests/rules tests/canonical

## lock: write both locks anew (needs uv); they name no index
lock:
	uv pip compile pyproject.toml requirements/build.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements/run.lock
	uv pip compile pyproject.toml requirements/build.in --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements/dev.lock

clean:
	rm -rf $(VENV) .q2c .pytest_cache .mypy_cache .ruff_cache *.egg-info
