# `make` says what there is. Everything is installed into .venv on first use.

# Values from the command line are text. Make does not expand them, and recipes read them from the environment
# ("$$OUT"), so neither make nor the shell runs any part of them. The shell's own USER names no person to forget.
override USER_VALUES := NAME KEY SOURCE TYPE DOC OUT ENV TABLE ID DAYS APPLY YES DATA FILE ACCOUNT KEEP PACKAGED QUARANTINE N BENCH LAKE
override NAMED := $(filter command,$(firstword $(origin USER)))
override LABELLED := $(filter command,$(firstword $(origin ACCOUNT)))
override has_origin = $(filter $(1),$(firstword $(origin $(2))))
override keep_literal = $(eval override $(1) := $$(value $(1)))
override OWN_OUT := $(call has_origin,command environment,OUT)
$(foreach name,$(.VARIABLES),$(if $(call has_origin,command,$(name)),$(call keep_literal,$(name))))
$(foreach name,$(USER_VALUES),$(if $(call has_origin,environment,$(name)),$(call keep_literal,$(name))))
OUT ?= out/demo
ENV ?= dev
override MINE := $(if $(OWN_OUT),$(value OUT),out/mine)
export $(USER_VALUES) USER MINE

override VENV := .venv
override PYTHON := $(VENV)/bin/python
override READY := $(VENV)/ready
override CLASSES := $(VENV)/spark-classes
# A tool whose pins would quarrel with ours lives in an environment of its own.
override TOOL := $(VENV)/tools
# Seconds of each part are printed; the budget is for 2 cores.
override timed = start=$$(date +%s); $(MAKE) --no-print-directory $(1) || exit 1; echo "== $(1): $$(($$(date +%s) - start)) s (budget: $(2) s)"

.PHONY: new-table new-column help setup spark-classes demo notebook report login login-exists run import doctor status why forget retention build test check format generate ci clean
.PHONY: tools deploy deploy-plan destroy test-aws test-cluster snowflake snowflake-status snowflake-trust snowflake-pipe test-clients test-glue-pyarrow fuzz bench bench-snowflake

help:
	@echo "make demo   runs the chain on this machine and shows what came out (OUT=$$OUT)"
	@echo "make login     logs in to Spotify, once in six months; make run: the same chain with your playlists; make doctor: what is missing"
	@echo "make import FILE=...   the listening history of your account data download (docs/history.md)"
	@echo "make report    makes the page of a folder; make notebook: docs/explore.ipynb over it, as a page"
	@echo "make status    compares raw, lake and warehouse; make why TABLE=songs ID=...: where a row comes from"
	@echo "make forget USER=...|ALL or ACCOUNT=... and make retention DAYS=... show what must not stay; APPLY=yes removes it"
	@echo "make build     makes dist/glue_jobs.zip and dist/extract_lambda.zip"
	@echo "make deploy-plan, deploy, destroy   the suite on AWS (ENV=$$ENV; docs/deploy.md)"
	@echo "make snowflake, snowflake-status, snowflake-trust, snowflake-pipe TABLE=...   Snowflake (docs/snowflake.md)"
	@echo "make test   all tests that need Python and Java; make test-aws: with Terraform, on a local AWS; make test-cluster: on a Spark cluster of this machine; make test-clients: Snowflake by our commands and other people's clients, the reader with Glue's pyarrow"
	@echo "make bench, bench-snowflake   measure, minutes; make fuzz N=100000   mutated documents through the job"
	@echo "make check  lint, types, import rules, generated files, quick tests without Java: half a minute"
	@echo "make generate  writes deploy/generated/ and the BI dictionary"
	@echo "make format    formats the code"
	@echo "make clean     removes .venv, out/ and what tools left behind"

setup: $(READY)

$(READY): requirements.txt extract_lambda/requirements.txt deploy/setup.sh
	@sh deploy/setup.sh $(VENV)

# What starts Spark again and again; the first demo is over sooner without.
spark-classes: $(CLASSES)

$(CLASSES): $(READY) deploy/local/spark_class_archive.py
	@$(PYTHON) -m deploy.local.spark_class_archive
	@touch $@

demo: $(READY)
	@$(PYTHON) -m deploy.local.demo --out="$$OUT"

notebook: $(READY)
	@$(PYTHON) -m nbconvert --log-level WARN --to html --execute --output-dir="$$OUT" docs/explore.ipynb
	@echo "$$OUT/explore.html; to work in it: .venv/bin/pip install jupyterlab && OUT=$$OUT .venv/bin/jupyter lab docs/explore.ipynb"

report: $(READY)
	@$(PYTHON) -m deploy.local.report --out="$$OUT"

login: $(READY)
	@$(PYTHON) -m extract_lambda.login

# The login is checked before anything is prepared: by the shell where there is no .venv yet, else by the program.
run: login-exists $(READY)
	@$(MAKE) --no-print-directory --question $(CLASSES) >/dev/null 2>&1 || { \
		$(PYTHON) -m deploy.local.run --out="$$MINE" --check-login && $(MAKE) --no-print-directory $(CLASSES); }
	@$(PYTHON) -m deploy.local.run --out="$$MINE"

login-exists:
	@test -e $(READY) || test -n "$$SPOTIFY_SECRET_ARN$$SPOTIFY_REFRESH_TOKEN" || \
		test -e "$${SPOTIFY_CREDENTIALS_FILE:-$$HOME/.config/spotify-playlist-suite/credentials.json}" || { \
		echo "run: there is no Spotify login on this machine yet. \`make login\` makes one in a few minutes (docs/run.md says how); \`make demo\` needs none." >&2; \
		exit 1; }

import: $(READY)
	@test -n "$$FILE" || { echo "import: name the download, make import FILE=my_spotify_data.zip (docs/history.md)" >&2; exit 2; }
	@$(PYTHON) -m deploy.local.import_plays --file="$$FILE" --out="$$MINE" $${ACCOUNT:+--account="$$ACCOUNT"} $${KEEP:+--keep="$$KEEP"} $${PACKAGED:+--packaged="$$PACKAGED"}

doctor: $(READY)
	@$(PYTHON) -m deploy.operate.doctor --out="$$MINE"

status: $(READY)
	@$(PYTHON) -m deploy.operate.status --lake="$$OUT/lake" --warehouse="$$OUT/warehouse"

why: $(READY)
	@$(PYTHON) -m deploy.operate.why --lake="$$OUT/lake" --table="$$TABLE" --id="$$ID"

forget: $(READY)
	@test -n "$(NAMED)$(LABELLED)" || { echo "forget: name the person, make forget USER=id, USER=ALL or ACCOUNT=label; APPLY=yes does it" >&2; exit 2; }
	@$(PYTHON) -m deploy.operate.forget$(if $(LABELLED),_plays) --lake="$$OUT/lake" --warehouse="$$OUT/warehouse" $(if $(LABELLED),--account="$$ACCOUNT",--user="$$USER") $(if $(filter yes,$(APPLY)),--apply) $(if $(LABELLED),,$(if $(filter yes,$(QUARANTINE)),--quarantine))

retention: $(READY)
	@test -n "$$DAYS" || { echo "retention: say how many days are kept, make retention DAYS=400; APPLY=yes does it" >&2; exit 2; }
	@$(PYTHON) -m deploy.operate.retention --lake="$$OUT/lake" --warehouse="$$OUT/warehouse" --days="$$DAYS" $(if $(filter yes,$(APPLY)),--apply)

$(TOOL)/%/ready: deploy/tools/%.txt $(READY)
	@$(PYTHON) -m venv $(TOOL)/$*
	@$(TOOL)/$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

tools: $(TOOL)/checkov/ready $(TOOL)/snow/ready $(TOOL)/clients/ready $(TOOL)/pyarrow22/ready

deploy-plan: $(READY)
	@$(PYTHON) -m deploy.aws plan --env="$$ENV"

deploy: $(READY)
	@$(PYTHON) -m deploy.aws deploy --env="$$ENV" $(if $(filter yes,$(YES)),--yes)

destroy: $(READY)
	@$(PYTHON) -m deploy.aws destroy --env="$$ENV" $(if $(filter yes,$(DATA)),--with-data)

snowflake: $(READY)
	@$(PYTHON) -m deploy.snowflake.deploy --env="$$ENV" $(if $(filter yes,$(YES)),--yes)

snowflake-status: $(READY)
	@$(PYTHON) -m deploy.operate.snowflake_status --env="$$ENV"

snowflake-trust: $(READY)
	@$(PYTHON) -m deploy.snowflake.trust --env="$$ENV" $(if $(filter yes,$(YES)),--yes)

snowflake-pipe: $(READY)
	@test -n "$$TABLE" || { echo "snowflake-pipe: name the table, make snowflake-pipe TABLE=songs; YES=yes does it" >&2; exit 2; }
	@$(PYTHON) -m deploy.snowflake.pipe --env="$$ENV" --table="$$TABLE" $(if $(filter yes,$(YES)),--yes)

build: $(READY)
	@$(PYTHON) -m deploy.aws.build

# File by file, so that no fixture is made twice.
test: $(READY) $(CLASSES)
	@$(PYTHON) -m pytest -n 2 --dist loadfile

test-aws: $(READY) $(TOOL)/checkov/ready
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/aws

# In one process: the tests share the cluster and the driver's session.
test-cluster: $(READY) $(CLASSES)
	@$(PYTHON) -m pytest tests/cluster

test-clients: $(READY) $(TOOL)/snow/ready $(TOOL)/clients/ready test-glue-pyarrow
	@$(PYTHON) -m pytest -n 2 --dist loadfile tests/clients tests/deploy/snowflake/commands

# The reader with the pyarrow that Glue has.
test-glue-pyarrow: $(READY) $(TOOL)/pyarrow22/ready
	@export PYTHONPATH=$$(echo $(TOOL)/pyarrow22/lib/python*/site-packages) && \
	$(PYTHON) -c 'import pyarrow; assert pyarrow.__version__ == "22.0.0", pyarrow.__version__' && \
	$(PYTHON) -m pytest -q -n 2 tests/glue_jobs/reading tests/glue_jobs/test_read_batch.py

fuzz: $(READY) $(CLASSES)
	@$(PYTHON) -m pytest -q tests/glue_jobs/test_fuzz.py --mutations="$${N:-100000}"

bench: $(READY) $(CLASSES)
	@set -f; $(PYTHON) -m tests.benchmarks $$BENCH

bench-snowflake: $(READY)
	@$(PYTHON) -m tests.benchmarks.snowflake $${LAKE:+--lake="$$LAKE"}

check: $(READY)
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo >/dev/null || $(VENV)/bin/lint-imports
	@$(PYTHON) -m deploy.generate --check
	@$(PYTHON) -m pytest -q -n 2 --dist loadfile -m "not jvm and not slow"

format: $(READY)
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/ruff format --quiet .

new-table: $(READY)
	@$(PYTHON) -m deploy.generate.new table --name="$$NAME" --key="$$KEY" --source="$$SOURCE"

new-column: $(READY)
	@$(PYTHON) -m deploy.generate.new column --table="$$TABLE" --name="$$NAME" --source="$$SOURCE" --type="$$TYPE" --doc="$$DOC"

generate: $(READY)
	@$(PYTHON) -m deploy.generate

ci:
	@$(call timed,-j 2 setup tools spark-classes,180)
	@$(call timed,check,120)
	@$(call timed,test,480)
	@$(call timed,demo,120)
	@$(call timed,test-aws,360)
	@$(call timed,test-clients,120)
	@$(call timed,test-cluster,200)

clean:
	@rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
