# Everything a newcomer types is `make demo` and `make test`; both install what they need.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
# Whatever certificates the machine trusts, a company's own among them; the second name is the older one.
export UV_SYSTEM_CERTS := 1
export UV_NATIVE_TLS := 1
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help setup demo up cluster down test check format lock bench eval soak web clean

help: ## Show what can be typed
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.installed ## Install the locked dependencies into .venv

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Holdfast needs Python 3.11 or newer, e.g.: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -m venv .tools/uv || { rm -rf .tools/uv; echo "Python cannot make a virtual environment: install python3-venv (Debian: apt install python3-venv)."; exit 1; }
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: requirements.lock pyproject.toml | $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Sync the demo tenant and answer real questions, printed as tables
	@$(BIN)/holdfast demo

up: setup ## Run everything in the foreground until Ctrl-C
	@$(BIN)/holdfast up

cluster: setup ## Run what docker-compose.yml does as plain processes, until Ctrl-C
	@$(BIN)/holdfast cluster $(ARGS)

down: setup ## Stop what `holdfast up --detach` or `holdfast cluster --detach` started
	@$(BIN)/holdfast down

test: setup ## Run every test
	@$(BIN)/python -m starter.temporal_binary
	@$(BIN)/python -m starter.cluster.server_programs
	@$(BIN)/python -m pytest

check: setup ## Lint, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## Format the code and mend what lint can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: | $(UV) ## Resolve pyproject.toml into requirements.lock
	@$(UV) pip compile --quiet pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate -o requirements.lock

bench: setup ## Measure speed; prints a table and writes benchmarks/results/
	@$(BIN)/python -m benchmarks

eval: setup ## Ask the question bank and random questions, and report how many answers are right
	@$(BIN)/python -m evaluation $(ARGS)

soak: setup ## Kill processes at many more moments than `make test` does
	@$(BIN)/python -m pytest tests/e2e -m soak -s

web: ## Build the page from starter/web/source into starter/web/static (the only command that needs Node)
	@command -v npm >/dev/null || { echo "Building the page needs Node.js 20 or newer with npm. Using Holdfast does not: what is built is in the repository."; exit 1; }
	@cd starter/web/source && npm ci --ignore-scripts --no-audit --no-fund && npm run --silent check && npm run --silent build

clean: ## Remove what the other commands made in this folder
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis
