# Two commands: `make run` and `make test`. Each sets up what it needs; the second time is quick.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Every process of ours compiles three hundred modules at its start unless it may keep them.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup run test long bench bench-cameras faults-cameras soak kill attack lock clean
help:
	@echo "make run    serve the wall at http://127.0.0.1:8050 (Ctrl-C ends everything)"
	echo "make test   all checks and tests"
	echo "make long   the tests that wait long: kiosk, endurance, a deaf browser, …"
	echo "make setup  only what \`make run\` needs, for a server"
	echo "make bench  the benchmarks' table"
	echo "make bench-cameras   1 to 64 cameras: processor, memory, age of the picture"
	echo "make faults-cameras  every bad state of a camera, 20 times among 16 healthy ones"
	echo "make soak   half an hour: a wall's accelerated day with a hundred faults"
	echo "make kill   kill -9 each process at every step of an acknowledgement, a hundred times"
	echo "make attack what strangers can do, and whether a wall and a machine notice"
	echo "make lock   pin the requirements anew"

setup: $(VENV)/.run

run: $(VENV)/.run
	exec $(BIN)/commandcenter run

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/commandcenter check
	suite() { $(BIN)/pytest -m "not long" "$$@"; }
	suite --numprocesses 3 --dist loadfile --no-loadscope-reorder || {
		test $$? -eq 1  # tests failed, and nothing worse
		echo "Once more, each by itself: what passes now fails only on a busy machine. Mend it, too."
		suite --last-failed --last-failed-no-failures none --verbose
	}

long: $(VENV)/.test
	$(BIN)/pytest -m long

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

bench-cameras: $(VENV)/.test
	setup/packages.sh bench
	$(BIN)/python -m benchmarks.cameras

faults-cameras: $(VENV)/.test
	$(BIN)/python -m benchmarks.cameras faults

soak: $(VENV)/.test
	$(BIN)/python -m benchmarks.soak

kill: $(VENV)/.test
	ROUNDS=100 $(BIN)/pytest -s --timeout 1800 tests/system/test_kill.py

attack: $(VENV)/.test
	setup/packages.sh attack
	$(BIN)/python -m benchmarks.attack

# --- set-up: a stamp file a step, so nothing is done twice ---------------------------------------
$(VENV)/.python: setup/packages.sh
	PYTHON=$(PYTHON) setup/packages.sh run
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.run: $(VENV)/.python requirements.txt pyproject.toml
	echo "Installing Python packages into $(VENV) (a minute or two, once)."
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	setup/packages.sh redis
	touch $@

$(VENV)/.test: $(VENV)/.run requirements-dev.txt
	setup/packages.sh test
	echo "Installing what the tests need into $(VENV) (once)."
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	command -v chromium >/dev/null || $(BIN)/playwright install --with-deps chromium
	touch $@

lock: $(VENV)/.test
	compile="$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"
	$$compile --output-file requirements.txt requirements.in
	$$compile --output-file requirements-dev.txt requirements-dev.in

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
