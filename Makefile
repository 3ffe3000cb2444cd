# One word for each thing one does here; `make help` lists them.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $$p && break; done || true)
ifeq ($(strip $(PYTHON)),)
PYTHON := python3
endif
BIN := .venv/bin
# What is handed to the program behind a word: make run ARGS="--port 8080", make test ARGS="-k mail".
ARGS ?=
RUNS ?= 1000
ONLY ?=
export ONLY
export PYTHONDONTWRITEBYTECODE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check bench fuzz chaos pictures fmt lint types layers docs materials news locks clean

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: ## Start a working centre on this machine.
	@$(PYTHON) -m tools.prepare run
	@exec $(BIN)/carillon run $(ARGS)

demo: ## Start a demonstration centre with simulated customers.
	@$(PYTHON) -m tools.prepare run
	@exec $(BIN)/carillon run --demo $(ARGS)

setup: ## Prepare .venv and the pages for development.
	@$(PYTHON) -m tools.prepare dev

test: ## Install all the tests need, then run every test.
	@$(PYTHON) -m tools.prepare test
	@$(BIN)/python -m tools.verify test $(ARGS)

check: setup ## Lint, types, layers, locks, secrets and the manual.
	@$(BIN)/python -m tools.verify check

bench: setup ## Measure speed against the targets; ONLY=matching runs one group.
	@$(BIN)/python -m tests.bench $(ONLY)

fuzz: setup ## Throw made-up SIP at its parsers, 5,000 messages of each kind.
	@CARILLON_FUZZ_EXAMPLES=5000 $(BIN)/python -m pytest -q tests/channels/voice/sip/test_fuzz.py

chaos: setup ## Kill the running centre RUNS times under load; nothing may be lost.
	@$(BIN)/python -m tests.chaos --runs $(RUNS) $(ARGS)

pictures: setup ## Take the pictures of README and manual of the demonstration at work.
	@$(BIN)/python -m tests.pictures

fmt: setup ## Format the code.
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

lint: setup ## Look for mistakes in the code.
	@$(BIN)/ruff check .

types: setup ## Check the types.
	@$(BIN)/mypy
	@PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT=1 $(BIN)/pyright

layers: setup ## Check who imports whom.
	@$(BIN)/lint-imports

materials: setup ## Write the bill of materials (CycloneDX) to build/materials.json.
	@$(BIN)/python -m tools.materials

docs: setup ## Build the manual into site/.
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

news: setup ## Show what the fragments in docs/changes add to the changelog.
	@$(BIN)/towncrier build --draft --version next

locks: setup ## Write the locks anew after a change of pyproject.toml.
	@$(BIN)/python -m tools.locks write

clean: ## Remove everything that is built, .venv included.
	@rm -rf .venv build dist site agent_desktop/static channels/chat/static \
		agent_desktop/web/node_modules channels/chat/web/node_modules
