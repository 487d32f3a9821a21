# The commands of the project. `make help` lists them.
SHELL := /bin/bash
PYTHON := .venv/bin/python
FLASK := .venv/bin/flask --app wsgi
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The program and its tests are started often: what was compiled once is kept.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run check test bench messages lock demo migration mutants clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: .venv/.runs ## Start the shop on http://127.0.0.1:8000 (PORT changes it)
	@$(PYTHON) tools/run.py

check: .venv/.tests ## Lint, types, imports, templates, migrations, translations
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint templates --lint --quiet
	$(PYTHON) tools/check_migrations.py
	$(PYTHON) tools/messages.py check

test: .venv/.tests ## Run all tests: SQLite, PostgreSQL, browser
	@tools/bootstrap tests
	$(PYTHON) -m pytest -n 2

bench: .venv/.tests ## Measure speed; results in var/bench.json
	@tools/bootstrap bench
	$(PYTHON) -m bench

mutants: .venv/.tests ## Change money and stock line by line: does a test notice? (ONLY=…)
	$(PYTHON) tools/mutants.py $(ONLY)

demo: .venv/.runs ## Load the Ba Tơ data set if the database is empty
	$(FLASK) db upgrade && $(FLASK) demo load

messages: .venv/.tests ## Collect new sentences for the translators
	$(PYTHON) tools/messages.py update

migration: .venv/.tests ## Write the next migration from the models (NAME=…)
	$(PYTHON) tools/new_migration.py "$(NAME)"

lock: .venv/.tests ## Pin requirements*.in anew
	.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes -q requirements.in -o requirements.txt
	.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes -q requirements-dev.in -o requirements-dev.txt

clean: ## Remove the environment and everything under var/
	rm -rf .venv var

.venv/.runs: requirements.txt tools/bootstrap
	@tools/bootstrap runs

.venv/.tests: requirements.txt requirements-dev.txt tools/bootstrap .venv/.runs
	@tools/bootstrap checks
