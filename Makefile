# Carillon. Needs make and Python 3.11 or later; everything else is installed into .venv.
.DEFAULT_GOAL := help
.PHONY: help install run test test-fast check chaos bench bench-curves soak docs lock up

PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python

# The first Python that is new enough and can make environments. (A version manager's shim may be there and not work.)
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
FIT := import sys, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for one in $(CANDIDATES); do $$one -c '$(FIT)' >/dev/null 2>&1 && echo $$one && break; done)

export PIP_DISABLE_PIP_VERSION_CHECK = 1

help:
	@echo "make install    .venv with what Carillon runs on"
	@echo "make run        everything in one process with demo data, on http://127.0.0.1:$(PORT) (PORT=... changes it)"
	@echo "make test       the whole suite: embedded, and on PostgreSQL and Redis where they are found"
	@echo "make test-fast  embedded only, without browsers and processes"
	@echo "make check      formatting, lint, types, the floors' imports, then the tests"
	@echo "make chaos      every fault on running servers, and what it cost (docs/reliability.md); long"
	@echo "make bench      the figures of this machine"
	@echo "make bench-curves how cost grows, drawn into docs/; long, and 10 GB for a while (docs/scale.md)"
	@echo "make soak       half an hour of steady load, and what grew meanwhile; MINUTES=... changes it"
	@echo "make docs       the documentation as a site, in var/docs"
	@echo "make lock       compile requirements*.in into requirements*.txt"
	@echo "make up         the service profile in containers: nginx, web x2, worker, beat, PostgreSQL, Redis"

install: $(VENV)/installed

$(PY):
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or later with venv was found; install one (on Debian: python3 python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt | $(PY)
	$(PY) -m pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(PY) -m pip install --quiet -r requirements-dev.txt
	@touch $@

run: install .env
	@grep -qs '^DEBUG=' .env || { tail -c 1 .env | grep -q . && echo; echo DEBUG=true; } >> .env
	@DEBUG=true exec $(PY) manage.py serve --demo --port $(PORT)

test: $(VENV)/installed-dev
	@$(PY) tests/run.py $(if $(STRICT),--strict) $(if $(RETRY),--retry)

test-fast: $(VENV)/installed-dev
	@$(PY) tests/run.py --fast

check: $(VENV)/installed-dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	DEBUG=true $(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	@$(PY) tests/run.py $(if $(STRICT),--strict) $(if $(RETRY),--retry)

chaos: $(VENV)/installed-dev
	@$(PY) -m tests.chaos $(if $(RUNS),--runs=$(RUNS)) $(if $(ONLY),--only="$(ONLY)")

bench: $(VENV)/installed-dev
	@DEBUG=true $(PY) -m bench

bench-curves: $(VENV)/installed-dev
	@DEBUG=true $(PY) -m bench.curves $(CURVES)

soak: $(VENV)/installed-dev
	@DEBUG=true $(PY) -m bench.soak $(if $(MINUTES),--minutes=$(MINUTES))

docs: $(VENV)/installed-dev
	@$(PY) -m sphinx -q -W -b html -c docs . var/docs

# Versions for every supported Python, and no address of an index in the outcome.
lock: $(VENV)/installed-dev
	$(PY) -m pip install --quiet uv
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header requirements-dev.in -o requirements-dev.txt

up: .env
	docker compose up --build

.env:
	@(umask 077; echo "SECRET_KEY=$$(head -c 48 /dev/urandom | base64 | tr -d '\n/+=')" > .env)
	@echo "Wrote .env with a new SECRET_KEY."
