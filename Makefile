# Two commands: `make dashboards` and `make test`. Both set up what they need.
# Needs Python 3.11, 3.12 or 3.13 and make.

AGENCY ?= riverton
PORT ?= 8866
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := $(if $(filter riverton,$(AGENCY)),riverton/equity.toml)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# the first Python on this machine that is neither too old nor untested
FIND = for p in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && { echo "$$p"; break; }; done

.PHONY: help install dashboards publish lab test lint benchmarks clean

help:
	@echo "make dashboards   set up, write the sample agency, check it, count it, serve the dashboards"
	@echo "make publish      write the pages for the public, small numbers hidden, into the agency's site/"
	@echo "make test         set up and run the tests"
	@echo "make benchmarks   measure speed and memory beside other programs (half an hour; one table)"
	@echo "make install      only set up"
	@echo "make lab          open the notebooks in JupyterLab"
	@echo "AGENCY=folder     use another agency's folder (it holds an equity.toml)"

install: $(VENV)/.installed

$(VENV)/bin/python:
	@python="$$($(FIND))"; \
	if [ -z "$$python" ]; then \
		echo "equity needs Python 3.11, 3.12 or 3.13 with its venv module, and found none. Install one and try again." >&2; \
		exit 1; \
	fi; \
	echo "Setting up with $$python (once, a minute or two) ..."; \
	"$$python" -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(PIP) install --constraint constraints.txt hatchling editables
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[threshold]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[threshold,test]'
	@touch $@

riverton/equity.toml: | $(VENV)/.installed
	@$(BIN)/equity sample riverton

# --check: files that have changed are checked first. Where none has, nothing is done
dashboards: $(VENV)/.installed $(SAMPLE)
	@$(BIN)/equity count --check "$(AGENCY)"
	@$(BIN)/equity serve "$(AGENCY)" --port $(PORT)

# nothing is sent anywhere: a folder is written, for you to look at first
publish: $(VENV)/.installed $(SAMPLE)
	@$(BIN)/equity count --check "$(AGENCY)"
	@$(BIN)/equity publish "$(AGENCY)"

lab: $(VENV)/.installed $(SAMPLE)
	@$(BIN)/equity count --check "$(AGENCY)"
	@$(BIN)/equity lab "$(AGENCY)"

test: $(VENV)/.installed-test
	@$(BIN)/python -m pytest $(ARGS)

# ARGS="--quick" for a first look, ARGS="--folder scratch --large" for 100 million rows
benchmarks: $(VENV)/.installed-test
	@$(BIN)/python benchmarks/scale.py $(ARGS)

# pyright fetches its program at its first run, so this one needs the internet once
lint: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright

clean:
	rm -rf $(VENV)
