# make demo       the comparison on Slagelse: table on screen, results/demo/report.html
# make test       what continuous integration runs: ruff, mypy, pytest without the slow tests
# make test-slow  everything: the slow tests too
# make bench      speed and memory
#
# Needs Python 3.11 or newer with pip, and a C compiler only where a wheel is missing for the machine.

PYTHON ?= python3
UV ?= uv
PYTEST_WORKERS ?= 2
PYTEST_ARGS ?=

RUN := .venv-run/bin
DEV := .venv-dev/bin
PACKAGES := $(wildcard sim calibration experiments jobcenter)
PIP_INSTALL := -m pip --disable-pip-version-check install --quiet
LOCK := pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header --quiet

BENCHMARKS ?= $(patsubst benchmarks/%.py,%,$(filter-out %/__init__.py,$(wildcard benchmarks/*.py)))
DEMO := baseline early_intervention one_caseworker early_and_one_caseworker extra_caseworkers refusion_flat

.PHONY: help demo test test-slow lint types bench lock clean
.NOTPARALLEL:

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: .venv-run/installed
	$(RUN)/jobcenter compare $(DEMO) --seeds 20 --out results/demo --force
	@echo "Report: results/demo/report.html"

test: lint types
	$(DEV)/python -m pytest -n $(PYTEST_WORKERS) -m "not slow" $(PYTEST_ARGS)

test-slow: lint types
	$(DEV)/python -m pytest -n $(PYTEST_WORKERS) $(PYTEST_ARGS)

lint: .venv-dev/installed
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .

types: .venv-dev/installed
	$(DEV)/mypy $(PACKAGES)

bench: .venv-dev/installed
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(DEV)/python -m benchmarks.$$name; done

# One environment for users (run-time packages only), one for development. The mark is written last, so an installation
# that broke off is done again. The build tools are in the lock: nothing unlocked is fetched.
.venv-run/installed: requirements/run.txt pyproject.toml
.venv-dev/installed: requirements/dev.txt pyproject.toml
.venv-run/installed .venv-dev/installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11; say: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	@echo "Installing the packages of $< into $(@D) (once; a minute or two) ..."
	@rm -f $@
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python $(PIP_INSTALL) --require-hashes -r $<
	$(@D)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# Written without the addresses of any package index; a test keeps it so.
lock:
	$(UV) $(LOCK) pyproject.toml requirements/build.in -o requirements/run.txt
	$(UV) $(LOCK) pyproject.toml requirements/build.in --extra dev -c requirements/run.txt -o requirements/dev.txt

clean:
	rm -rf .venv-run .venv-dev .pytest_cache .mypy_cache .ruff_cache dist results/demo
