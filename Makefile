# Every command that a developer or CI needs. A bare checkout on a machine with Python, make, ps and Go is enough:
# what a target needs, it sets up by itself, in .venv, .venv-oldest and the user's cache folder.

# The Python of .venv: the newest that there is, unless told, as in `make PYTHON=python3.12`.
PYTHON ?=
RUN := .venv/bin/python
RUN_OLDEST := .venv-oldest/bin/python
# How many tests run at once: one more than there are cores, for those on the engine wait as much as they work.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.NOTPARALLEL:
.PHONY: help test check docs unit e2e oldest search mutants faults demo bench picture dist plugin engine yaml format clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The site of `docs` is built by a test. The oldest versions come first, for a test exchanges state with them.
test: check engine yaml oldest  ## everything: lint, types, all tests and documents, coverage, the oldest versions
	$(RUN) -m pytest --numprocesses $(WORKERS) --dist worksteal --cov

check: .venv/installed  ## lint, formatting, types
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

docs: .venv/installed  ## the documents as a site, in site/; a link or an anchor that leads nowhere fails
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

unit: .venv/installed  ## the quick tests, which need no engine
	$(RUN) -m pytest tests/unit tests/host --numprocesses $(WORKERS) --dist worksteal

e2e: engine yaml  ## only the tests on the real engine
	$(RUN) -m pytest -m e2e --numprocesses $(WORKERS) --dist worksteal

oldest: engine yaml .venv-oldest/installed  ## the host tier and one life on the oldest supported Python, pulumi and requests
	$(RUN_OLDEST) -m pytest tests/host tests/e2e -m "not e2e or oldest" --numprocesses $(WORKERS) --dist worksteal

search: engine  ## look for histories that lose something, far longer than `test`: another each time, or SEARCH_SEED's
	SEARCH_SEED=$${SEARCH_SEED:-$$(date +%s)} SEARCH_EXAMPLES=4000 SEARCH_SECONDS=900 \
		$(RUN) -m pytest tests/model -rP --numprocesses $(WORKERS) --dist worksteal --timeout 3600

faults: .venv/installed  ## each operation under each fault, into docs/reliability.md; prints what does not survive
	$(RUN) -m tests.model.reliability

mutants: .venv/installed  ## change the code in thousands of places, and list the changes that no test notices; takes long
	$(RUN) -m tools.mutants

demo: engine  ## the life of the example project on a local sandbox
	$(RUN) -m tools.demo

bench: engine  ## time and calls of all directions, into docs/performance.md: on a quiet machine
	$(RUN) -m bench

engine: .venv/installed  ## the Pulumi engine: found, built or downloaded; prints its folder
	@$(RUN) tools/engine.py

yaml: .venv/installed  ## the host of programs in YAML: found or built; prints its folder
	@$(RUN) tools/engine.py --yaml

format: .venv/installed  ## format, and mend what the linter can mend
	$(RUN) -m ruff format
	$(RUN) -m ruff check --fix

picture: engine  ## docs/preview.svg: what a terminal shows of a preview
	$(RUN) -m tools.preview_picture

dist: .venv/installed  ## the wheel and the sdist in dist/, checked as the index will check them
	rm -rf dist
	$(RUN) -m build
	$(RUN) -m twine check --strict dist/*

plugin: .venv/installed  ## the native plugin as a tarball in dist/, for `pulumi plugin install`
	$(RUN) -m tools.plugin

clean:  ## remove what the other targets have put into the checkout
	rm -rf .venv .venv-oldest .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache dist mutants site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml tools/environment.py
	python3 tools/environment.py .venv $(if $(PYTHON),--python $(PYTHON))

.venv-oldest/installed: pyproject.toml tools/environment.py
	python3 tools/environment.py .venv-oldest --oldest
