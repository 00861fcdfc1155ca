# Each target works on a bare machine with Python 3.11 or newer and does its own set-up in .venv.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: setup chat test lint evals clean

# The stamp follows the files that decide what is installed, so a second run installs nothing.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --disable-pip-version-check -c constraints.txt -e ".[evals,dev,ocr]"
	touch $@

$(VENV)/.installed-serving: pyproject.toml constraints.txt
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	test -f $(VENV)/.installed || $(RUN) -m pip install --disable-pip-version-check -c constraints.txt -e .
	touch $@

setup: $(VENV)/.installed

# A document that cannot be read (exit code 2) is named, and the rest is served.
chat: $(VENV)/.installed-serving
	$(RUN) -m corpus index || test $$? -eq 2
	$(RUN) -m ui --host $(HOST) --port $(PORT)

test: $(VENV)/.installed
	$(RUN) -m pytest

lint: $(VENV)/.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

evals: $(VENV)/.installed
	$(RUN) -m corpus index
	$(RUN) -m evals lint
	$(RUN) -m evals run --fresh --out runs/gate

clean:
	rm -rf $(VENV) data runs
