# The commands of README. A fresh machine needs Python 3.11 or later and this file.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

.PHONY: run test check bench openapi client nightly mutants

# Installed again when what is pinned changes.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

run: $(STAMP)
	PORTECARTE_SIGN_IN_CODES_PER_IP=$${PORTECARTE_SIGN_IN_CODES_PER_IP:-1000} $(BIN)/portecarte up --demo

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_families.py tests/test_docs.py

# One worker a core; tests/conftest.py shares the tests out.
test: check
	$(BIN)/python -m pytest -n auto --maxprocesses 4

bench: $(STAMP)
	$(BIN)/python -m bench

# docs/openapi.json anew: what clients are written against, which is only ever added to.
openapi: $(STAMP)
	$(BIN)/python -m tests.http.openapi_gate

# The typed Python client of docs/client.md, into build/client.
client: $(STAMP)
	mkdir -p build
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/openapi-python-client generate --path docs/openapi.json --config docs/client.yml --output-path build/client --overwrite --fail-on-warning

# Random lives of cards, more than 200,000 steps: some 15 minutes of one core.
nightly: $(STAMP)
	$(BIN)/python -m pytest tests/loyalty --hypothesis-profile nightly --timeout 7200 -s

# Changes the engine's rules one by one; docs/decisions/0008-mutants.md says which no test can notice.
mutants: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	$(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results
