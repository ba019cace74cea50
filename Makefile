# Every target makes .venv and installs the locked packages first, when needed.
# ARGS goes to the program or to pytest: make run ARGS="--classes 3 8", make test ARGS="-k pool".

PYTHON := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-offscreen test-beside test-window prove check format lock screenshots bench soak wheels \
	bundle try-install try-bundle clean distclean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | \
		awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: ## start the program (without a display: run the laboratory headless)
	@sh scripts/run.sh $(ARGS)

test: ## run all tests: without a screen, in a real window, and of the packages installed elsewhere
ifeq ($(strip $(ARGS)),)
	@sh scripts/bootstrap.sh test
	@$(MAKE) --no-print-directory -j2 test-offscreen test-beside
else
	@sh scripts/test.sh $(ARGS)
endif

test-offscreen:
	@sh scripts/test.sh offscreen

test-beside: # which use the moments in which the others wait; what they print comes when each has ended
	@$(MAKE) --no-print-directory -j2 --output-sync test-window try-install

test-window:
	@sh scripts/test.sh window

prove: ## run all tests many times on a busy machine, in random order
	@sh scripts/prove-tests.sh $(ARGS)

check: ## check format, lint, types, import rules and shell scripts; print the lines of each room
	@sh scripts/bootstrap.sh check
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m basedpyright
	$(PYTHON) .venv/bin/lint-imports
	$(PYTHON) -m scripts.rooms
	.venv/bin/shellcheck -x -P packaging scripts/*.sh packaging/*.sh packaging/linux/*.sh .ci/run

format: ## format the code and mend what ruff can mend
	@sh scripts/bootstrap.sh check
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

screenshots: ## make the pictures of README and user guide with the program itself
	@sh scripts/bootstrap.sh test
	$(PYTHON) -m scripts.screenshots $(ARGS)

bench: ## measure speed beside PyTorch and JAX, write benchmarks/RESULTS.md
	@sh scripts/bench.sh $(ARGS)

soak: ## try the whole program for ten minutes (ARGS="--minutes 60" for an hour); fails at a finding
	@sh scripts/soak.sh $(ARGS)

wheels: ## build the packages to install (dist/)
	@sh packaging/wheels.sh

bundle: ## build the program with Python and all else inside (build/bundle/, dist/)
	@sh packaging/bundle.sh

try-install: ## build the packages, install them outside the project and try them there
	@sh packaging/try-install.sh

try-bundle: ## try the bundle that was built
	@sh packaging/try-install.sh bundle

lock: ## renew the locked lists of packages
	@sh scripts/lock.sh

clean: ## remove caches
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## remove caches and .venv
	rm -rf .venv
