# `make` says what there is. Everything is installed into .venv on first use.

# Values from the command line are text. Make does not expand them, and recipes read them from the environment
# ("$$OUT"), so neither make nor the shell runs any part of them. The shell's own USER names no person to forget.
override USER_VALUES := NAME KEY SOURCE TYPE DOC OUT COVERS OPEN ENV TABLE ID DAYS APPLY DATA FILE ACCOUNT KEEP PACKAGED QUARANTINE N BENCH LAKE
override NAMED := $(filter command,$(firstword $(origin USER)))
override LABELLED := $(filter command,$(firstword $(origin ACCOUNT)))
override has_origin = $(filter $(1),$(firstword $(origin $(2))))
override keep_literal = $(eval override $(1) := $$(value $(1)))
override OWN_OUT := $(if $(strip $(value OUT)),$(call has_origin,command environment,OUT))
$(foreach name,$(.VARIABLES),$(if $(call has_origin,command,$(name)),$(call keep_literal,$(name))))
$(foreach name,$(USER_VALUES),$(if $(call has_origin,environment,$(name)),$(call keep_literal,$(name))))
ifeq ($(OWN_OUT),)
override OUT := out/demo
endif
ENV ?= dev
override MINE := $(if $(OWN_OUT),$(value OUT),out/mine)
# Commands that read a folder use your own if it exists, else the demo's, and say which.
override FOLDER := $(if $(OWN_OUT),$(value OUT),$(if $(wildcard out/mine/lake),out/mine,out/demo))
override SAY_FOLDER = $(if $(OWN_OUT),true,echo "in $$FOLDER (OUT=folder names another)" >&2)
export $(USER_VALUES) USER MINE FOLDER

override VENV := .venv
override PYTHON := $(VENV)/bin/python
override READY := $(VENV)/ready
# What tests and developers need on top.
override TESTS_READY := $(VENV)/ready-tests
override CLASSES := $(VENV)/spark-classes
# A tool whose pins would quarrel with ours lives in an environment of its own.
override TOOL := $(VENV)/tools
# Seconds of each part are printed; the budget is for 2 cores.
override timed = start=$$(date +%s); $(MAKE) --no-print-directory $(1) || exit 1; echo "== $(1): $$(($$(date +%s) - start)) s (budget: $(2) s)"

# One write, so that `make | head` closes no pipe under it.
define HELP
Try it
  make demo                        thirty days of made-up playlists through the chain, no account (OUT=$(OUT))

Your playlists
  make login                       logs in to Spotify, once in six months
  make run                         reads your playlists into out/mine; COVERS=yes adds album covers to the report
  make import FILE=my_data.zip     the listening history of your account data download (docs/history.md)
  make load                        makes tables and report of the files in OUT/lake/raw/pending/drop, no login
  make doctor                      checks this machine and names what is missing
  make forget USER=id              shows what is kept of a person (ALL; ACCOUNT=name: plays); APPLY=yes removes
  make retention DAYS=400          shows what is older; APPLY=yes removes it

Look into it (out/mine if it is there, else out/demo; OUT=folder names another)
  make report                      makes the report of a folder again; COVERS=yes adds album covers
  make notebook                    runs docs/explore.ipynb over a folder, as a page
  make status                      compares raw objects, lake and warehouse
  make why TABLE=songs ID=id       shows where a row comes from

AWS
  make deploy-plan                 shows what Terraform would make; ENV=name is another environment
  make deploy                      shows the plan, asks, and makes it; APPLY=yes asks nothing
  make destroy                     shows what would go, asks, and removes it; DATA=yes with the data

Snowflake
  make snowflake                   deploys tables, pipes and views
  make snowflake-status            compares them with the lake
  make snowflake-trust             lets the account read the bucket
  make snowflake-pipe TABLE=songs  replaces a pipe without doubling a row

Develop
  make check                       lint, types, import rules, generated files, quick tests: half a minute
  make test                        all tests that need Python and Java
  make test-aws                    tests with Terraform, on a local AWS
  make test-cluster                tests on a Spark cluster of this machine
  make test-clients                tests with Snowflake's commands, other clients, Glue's pyarrow
  make test-glue6                  tests of the job on Spark 4.1, as Glue 6.0 has it
  make new-table NAME=name         starts a table (KEY=, SOURCE=; CONTRIBUTING.md)
  make new-column TABLE=songs      starts a column (NAME=, SOURCE=; CONTRIBUTING.md)
  make format                      formats the code
  make generate                    writes deploy/generated/ and the BI dictionary
  make build                       makes the zips of the job and of the Lambda in dist/
  make sbom                        lists what the Lambda's zip is made of
  make bench                       measures the job; BENCH=name measures one thing
  make bench-snowflake             measures the warehouse
  make fuzz N=100000               mutated documents through the job
  make clean                       removes .venv, out/ and what tools left behind
endef
export HELP

.PHONY: new-table new-column help setup spark-classes demo notebook report login login-exists run load import doctor status why forget retention build sbom test check format generate ci clean
.PHONY: tools deploy deploy-plan destroy test-aws test-cluster snowflake snowflake-status snowflake-trust snowflake-pipe test-clients test-glue-pyarrow test-glue6 fuzz bench bench-snowflake

help:
	@printf '%s\n' "$$HELP"

setup: $(TESTS_READY)

$(READY): deploy/local/requirements.txt extract_lambda/requirements.txt deploy/setup.sh
	@sh deploy/setup.sh $(VENV) run

$(TESTS_READY): requirements.txt $(READY)
	@sh deploy/setup.sh $(VENV) tests

# What starts Spark again and again; the first demo is over sooner without.
spark-classes: $(CLASSES)

$(CLASSES): $(READY) deploy/local/spark_class_archive.py
	@$(PYTHON) -m deploy.local.spark_class_archive
	@touch $@

demo: $(READY)
	@$(PYTHON) -m deploy.local.demo --out="$$OUT" $(if $(filter yes,$(OPEN)),--open)

notebook: $(TESTS_READY)
	@$(SAY_FOLDER)
	@$(PYTHON) -m deploy.local.notebook --out="$$FOLDER"

report: $(READY)
	@$(SAY_FOLDER)
	@$(PYTHON) -m deploy.local.report --out="$$FOLDER" $(if $(filter yes,$(OPEN)),--open) $(if $(filter yes,$(COVERS)),--covers)

login: $(READY)
	@$(PYTHON) -m extract_lambda.login

# The login is checked before anything is prepared: by the shell where there is no .venv yet, else by the program.
run: login-exists $(READY)
	@$(MAKE) --no-print-directory --question $(CLASSES) >/dev/null 2>&1 || { \
		$(PYTHON) -m deploy.local.run --out="$$MINE" --check-login && $(MAKE) --no-print-directory $(CLASSES); }
	@$(PYTHON) -m deploy.local.run --out="$$MINE" $(if $(filter yes,$(OPEN)),--open) $(if $(filter yes,$(COVERS)),--covers)

login-exists:
	@test -e $(READY) || test -n "$$SPOTIFY_SECRET_ARN$$SPOTIFY_REFRESH_TOKEN" || \
		test -e "$${SPOTIFY_CREDENTIALS_FILE:-$$HOME/.config/spotify-playlist-suite/credentials.json}" || { \
		echo "run: there is no Spotify login on this machine yet. \`make login\` makes one in a few minutes (docs/run.md says how); \`make demo\` needs none." >&2; \
		exit 1; }

# For a folder into which files were dropped: no login, nothing is asked of Spotify.
load: $(READY)
	@$(SAY_FOLDER)
	@$(PYTHON) -m deploy.local.run --out="$$FOLDER" --load-only

import: $(READY)
	@test -n "$$FILE" || { echo "import: name the download, make import FILE=my_spotify_data.zip (docs/history.md)" >&2; exit 2; }
	@$(PYTHON) -m deploy.local.import_plays --file="$$FILE" --out="$$MINE" $${ACCOUNT:+--account="$$ACCOUNT"} $${KEEP:+--keep="$$KEEP"} $${PACKAGED:+--packaged="$$PACKAGED"}

doctor: $(READY)
	@$(PYTHON) -m deploy.operate.doctor --out="$$MINE"

status: $(READY)
	@$(SAY_FOLDER)
	@$(PYTHON) -m deploy.operate.status --lake="$$FOLDER/lake" --warehouse="$$FOLDER/warehouse"

why: $(READY)
	@$(SAY_FOLDER)
	@$(PYTHON) -m deploy.operate.why --lake="$$FOLDER/lake" --table="$$TABLE" --id="$$ID"

forget: $(READY)
	@test -n "$(NAMED)$(LABELLED)" || { echo "forget: name the person, make forget USER=id, USER=ALL or ACCOUNT=label; APPLY=yes does it" >&2; exit 2; }
	@$(SAY_FOLDER)
	@$(PYTHON) -m deploy.operate.forget$(if $(LABELLED),_plays) --lake="$$FOLDER/lake" --warehouse="$$FOLDER/warehouse" $(if $(LABELLED),--account="$$ACCOUNT",--user="$$USER") $(if $(filter yes,$(APPLY)),--apply) $(if $(LABELLED),,$(if $(filter yes,$(QUARANTINE)),--quarantine))

retention: $(READY)
	@test -n "$$DAYS" || { echo "retention: say how many days are kept, make retention DAYS=400; APPLY=yes does it" >&2; exit 2; }
	@$(SAY_FOLDER)
	@$(PYTHON) -m deploy.operate.retention --lake="$$FOLDER/lake" --warehouse="$$FOLDER/warehouse" --days="$$DAYS" $(if $(filter yes,$(APPLY)),--apply)

$(TOOL)/%/ready: deploy/tools/%.txt $(READY)
	@echo "setup: installing $* for tests into $(TOOL)/$* …" >&2
	@$(PYTHON) -m venv $(TOOL)/$*
	@$(TOOL)/$*/bin/python -m pip install --quiet --disable-pip-version-check $(if $(filter axe,$*),--no-deps) -r $<
	@touch $@

# Glue 6.0 has Python 3.13. Where there is none, 3.11 has to do: it says so.
$(TOOL)/glue6/ready: deploy/tools/glue6.txt $(READY)
	@for name in "$$HOME"/.pyenv/versions/3.13.*/bin/python3.13 python3.13 $(PYTHON); do \
	    "$$name" -c 'import venv' 2>/dev/null && break; done; \
	echo "test-glue6: $$("$$name" --version); Glue 6.0 has 3.13" && "$$name" -m venv $(TOOL)/glue6
	@$(TOOL)/glue6/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# Grammars that exist for Node alone; npm comes with it.
$(TOOL)/grammars/ready: deploy/tools/grammars.json
	@mkdir -p $(TOOL)/grammars
	@cp $< $(TOOL)/grammars/package.json
	@npm install --prefix $(TOOL)/grammars --silent --no-audit --no-fund
	@touch $@

tools: $(TOOL)/axe/ready $(TOOL)/checkov/ready $(TOOL)/glue6/ready $(TOOL)/snow/ready $(TOOL)/clients/ready $(TOOL)/sqlfluff/ready $(TOOL)/pyarrow22/ready $(TOOL)/bi/ready $(TOOL)/grammars/ready

deploy-plan: $(READY)
	@$(PYTHON) -m deploy.aws plan --env="$$ENV"

deploy: $(READY)
	@$(PYTHON) -m deploy.aws deploy --env="$$ENV" $(if $(filter yes,$(APPLY)),--yes)

destroy: $(READY)
	@$(PYTHON) -m deploy.aws destroy --env="$$ENV" $(if $(filter yes,$(DATA)),--with-data) $(if $(filter yes,$(APPLY)),--yes)

snowflake: $(READY)
	@$(PYTHON) -m deploy.snowflake.deploy --env="$$ENV" $(if $(filter yes,$(APPLY)),--yes)

snowflake-status: $(READY)
	@$(PYTHON) -m deploy.operate.snowflake_status --env="$$ENV"

snowflake-trust: $(READY)
	@$(PYTHON) -m deploy.snowflake.trust --env="$$ENV" $(if $(filter yes,$(APPLY)),--yes)

snowflake-pipe: $(READY)
	@test -n "$$TABLE" || { echo "snowflake-pipe: name the table, make snowflake-pipe TABLE=songs; APPLY=yes does it" >&2; exit 2; }
	@$(PYTHON) -m deploy.snowflake.pipe --env="$$ENV" --table="$$TABLE" $(if $(filter yes,$(APPLY)),--yes)

build: $(READY)
	@$(PYTHON) -m deploy.aws.build

sbom: $(READY)
	@$(PYTHON) -m deploy.aws.sbom dist/extract_lambda.cdx.json

# File by file, so that no fixture is made twice.
test: $(TESTS_READY) $(CLASSES)
	@$(PYTHON) -m pytest -n 2 --dist loadfile

test-aws: $(TESTS_READY) $(TOOL)/checkov/ready
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/aws

# In one process: the tests share the cluster and the driver's session.
test-cluster: $(TESTS_READY) $(CLASSES)
	@$(PYTHON) -m pytest tests/cluster

test-clients: $(TESTS_READY) $(TOOL)/snow/ready $(TOOL)/clients/ready $(TOOL)/sqlfluff/ready $(TOOL)/bi/ready $(TOOL)/grammars/ready $(TOOL)/axe/ready test-glue-pyarrow
	@$(PYTHON) -m pytest -n 2 --dist loadfile tests/clients tests/deploy/snowflake/commands tests/deploy/local/report

# The reader with the pyarrow that Glue has.
test-glue-pyarrow: $(TESTS_READY) $(TOOL)/pyarrow22/ready
	@export PYTHONPATH=$$(echo $(TOOL)/pyarrow22/lib/python*/site-packages) && \
	$(PYTHON) -c 'import pyarrow; assert pyarrow.__version__ == "22.0.0", pyarrow.__version__' && \
	$(PYTHON) -m pytest -q -n 2 tests/glue_jobs/reading tests/glue_jobs/test_read_batch.py

# The job with what Glue 6.0 has: Spark 4.1 in ANSI mode. It needs a whole Java 17.
test-glue6: $(TOOL)/glue6/ready
	@$(TOOL)/glue6/bin/python -m pytest -q -n 2 --dist loadfile tests/glue6 tests/glue_jobs/transforms tests/glue_jobs/reading \
	    tests/glue_jobs/test_read_batch.py tests/glue_jobs/test_golden.py tests/glue_jobs/test_frames.py

fuzz: $(TESTS_READY) $(CLASSES)
	@$(PYTHON) -m pytest -q tests/glue_jobs/test_fuzz.py --mutations="$${N:-100000}"

bench: $(TESTS_READY) $(CLASSES)
	@set -f; $(PYTHON) -m tests.benchmarks $$BENCH

bench-snowflake: $(TESTS_READY)
	@$(PYTHON) -m tests.benchmarks.snowflake $${LAKE:+--lake="$$LAKE"}

# In one process: imports take longer than a second process would save.
check: $(TESTS_READY)
	@$(VENV)/bin/ruff check --quiet .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo >/dev/null || $(VENV)/bin/lint-imports
	@$(PYTHON) -m deploy.generate --check
	@$(PYTHON) -m pytest -q -p no:xdist -m "not jvm and not slow"

format: $(TESTS_READY)
	@$(VENV)/bin/ruff check --quiet --fix .
	@$(VENV)/bin/ruff format --quiet .

new-table: $(READY)
	@$(PYTHON) -m deploy.generate.new table --name="$$NAME" --key="$$KEY" --source="$$SOURCE"

new-column: $(READY)
	@$(PYTHON) -m deploy.generate.new column --table="$$TABLE" --name="$$NAME" --source="$$SOURCE" --type="$$TYPE" --doc="$$DOC"

generate: $(READY)
	@$(PYTHON) -m deploy.generate

ci:
	@$(call timed,-j 2 setup tools spark-classes,240)
	@$(call timed,check,60)
	@$(call timed,test,480)
	@$(call timed,demo,90)
	@$(call timed,test-aws,360)
	@$(call timed,test-glue6,240)
	@$(call timed,test-clients,300)
	@$(call timed,test-cluster,200)

clean:
	@rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
