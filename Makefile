# Every target makes what it needs. Without make: see "Without make" in README.md.

VENV   := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN    := $(VENV)/bin

.DEFAULT_GOAL := run
.PHONY: run test check bench demo-reset clean

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Improve needs Python 3.11 or newer. Set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp file for each list: installed again only when the list changed.
$(VENV)/.installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(VENV)/.installed-tests: tests/requirements.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	@touch $@

run: $(VENV)/.installed
	@IMPROVE_DEMO=$${IMPROVE_DEMO:-1} exec $(BIN)/python manage.py start

test: $(VENV)/.installed-tests
	@$(BIN)/python -m tests.run $(ARGS)

check: $(VENV)/.installed-tests
	@$(BIN)/python -m tests.check

bench: $(VENV)/.installed-tests
	@$(BIN)/python -m tests.bench $(ARGS)

# The example from the beginning; refused while it runs.
demo-reset: $(VENV)/.installed
	@IMPROVE_DEMO=1 $(BIN)/python manage.py demo_reset

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
