# `make` says what there is. Everything is installed into .venv on first use.
OUT ?= out/demo
VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/ready
# Seconds of each part are printed; the budget is for 2 cores.
timed = start=$$(date +%s); $(MAKE) --no-print-directory $(1) || exit 1; echo "== $(1): $$(($$(date +%s) - start)) s (budget: $(2) s)"

.PHONY: help setup demo notebook test check format generate ci clean

help:
	@echo "make demo   runs the chain on this machine and shows what came out (OUT=$(OUT))"
	@echo "make notebook  runs docs/explore.ipynb over the folder of a demo and shows it as a page"
	@echo "make test   all tests"
	@echo "make check  lint, types, rules of the house, generated files, tests without Java: seconds"
	@echo "make generate  writes deploy/generated/ and the BI dictionary anew"
	@echo "make format    formats the code"
	@echo "make clean     removes .venv, out/ and what tools left behind"

setup: $(READY)

$(READY): requirements.txt extract_lambda/requirements.txt deploy/setup.sh
	@sh deploy/setup.sh $(VENV)

demo: $(READY)
	@$(PYTHON) -m deploy.local.demo --out "$(OUT)"

notebook: $(READY)
	@OUT="$(OUT)" $(PYTHON) -m nbconvert --log-level WARN --to html --execute --output-dir "$(OUT)" docs/explore.ipynb
	@echo "$(OUT)/explore.html; to work in it: .venv/bin/pip install jupyterlab && OUT=$(OUT) .venv/bin/jupyter lab docs/explore.ipynb"

test: $(READY)
	@$(PYTHON) -m pytest

check: $(READY)
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo >/dev/null || $(VENV)/bin/lint-imports
	@$(PYTHON) -m deploy.generate --check
	@$(PYTHON) -m deploy.bi_dictionary --check
	@$(PYTHON) -m pytest -q -m "not jvm"

format: $(READY)
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/ruff format --quiet .

generate: $(READY)
	@$(PYTHON) -m deploy.generate
	@$(PYTHON) -m deploy.bi_dictionary

ci:
	@$(call timed,setup,180)
	@$(call timed,check,120)
	@$(call timed,test,480)
	@$(call timed,demo,120)

clean:
	@rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
