# `make demo` and `make test` are all that is needed: the first run makes .venv, later runs start at once.
# PYTHON=... chooses the interpreter for a new .venv, VENV=... another folder for it; ARGS=... is handed on.

VENV  ?= .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS  ?=
SMOKE ?=

# Without compiled imports every process would need seconds more to load the solver.
unexport PYTHONDONTWRITEBYTECODE
# What is checked is the checkout and the .venv, whatever else the shell has on its path.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help demo test lint types notebooks bench wheel-check ci clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

demo: $(STAMP) ## divide the sample branch into groups and show the plan
	@$(BIN)/grouping demo $(ARGS)

test: $(STAMP) ## run the tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(STAMP) ## style, format and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(STAMP) ## mypy, strict
	@$(BIN)/mypy $(ARGS)

notebooks: $(STAMP) ## run every notebook
	@$(BIN)/python tools/run_notebooks.py $(ARGS)

bench: $(STAMP) ## benchmarks; SMOKE=1 for the short run
	@$(BIN)/python -m benchmarks.run $(if $(filter-out 0,$(SMOKE)),--smoke) $(ARGS)

wheel-check: $(STAMP) ## build the wheel, install it into an empty environment, run the README's lines there
	@$(BIN)/python tools/wheel_check.py

ci: ## everything that .ci/run runs
	@.ci/run

clean: ## remove .venv and everything that was made
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A .venv that is there and good enough is kept; one that is broken or too old is made anew.
$(STAMP): pyproject.toml constraints.txt
	@set -e; \
	good() { "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }; \
	if ! good $(BIN)/python || ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	    found=; \
	    for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11); do \
	        if good "$$candidate"; then found=$$candidate; break; fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "grouping needs Python 3.11 or later; tried: $(or $(PYTHON),python3 python3.13 python3.12 python3.11)." >&2; \
	        have=$$($(or $(PYTHON),python3) --version 2>/dev/null || echo nothing); \
	        echo "Found: $$have. Install one, or say which to use: make PYTHON=/path/to/python3.12 ..." >&2; \
	        exit 1; \
	    fi; \
	    echo "making $(VENV) with $$("$$found" --version)"; \
	    "$$found" -m venv --clear $(VENV); \
	fi; \
	echo "installing the versions of constraints.txt into $(VENV), once"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; \
	touch $@
