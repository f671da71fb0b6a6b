"""deploy/aws/terraform without an account: format, Terraform's own tests, and the resources that it defines."""

import base64
import functools
import importlib
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from extract_lambda.settings import Settings
from glue_jobs.explode_playlists import parse_arguments
from shared import lake
from shared.tables import TABLES
from tests.aws.conftest import lacking
from tests.aws.stack import ROOT, TERRAFORM, Made, initialised, outcome, terraform
from tests.waiting import finished

CHECKOV = ROOT / ".venv" / "tools" / "checkov" / "bin" / "checkov"
SOURCES = sorted(path for path in TERRAFORM.rglob("*.tf") if "examples" not in path.parts)


@pytest.fixture(scope="module")
def made() -> Made:
    """The stack with all variables at their defaults."""
    return outcome().made["defaults"]


# --- Format -------------------------------------------------------------------------------------------------------


def test_the_files_are_formatted() -> None:
    done = terraform(TERRAFORM, "fmt", "-check", "-recursive", "-diff", "-no-color")

    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_valid() -> None:
    report = json.loads(terraform(initialised(), "validate", "-json").stdout)

    assert (report["valid"], report["diagnostics"]) == (True, [])


def test_terraforms_own_tests_pass() -> None:
    done = outcome()

    assert done.errors == []
    assert {run for run, status in done.statuses.items() if status != "pass"} == set()
    assert {"defaults", "events", "snowflake_and_quicksight", "refused"} <= done.statuses.keys()


def test_checkov_finds_nothing() -> None:
    if not CHECKOV.exists():
        lacking("there is no checkov: `make test-aws` installs it")
    where = ["--directory", str(TERRAFORM), "--config-file", str(ROOT / ".checkov.yaml")]

    done = finished([CHECKOV, *where, "--output", "json"])
    report = json.loads(done.stdout)

    assert [f"{entry['check_id']} {entry['resource']}" for entry in report["results"]["failed_checks"]] == []
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 100


def test_each_check_that_is_left_out_has_its_reason() -> None:
    lines = (ROOT / ".checkov.yaml").read_text(encoding="utf-8").splitlines()
    skipped = [number for number, line in enumerate(lines) if re.fullmatch(r"  - CKV2?_AWS_\d+", line)]

    assert len(skipped) == 14
    assert [lines[number] for number in skipped if not lines[number - 1].startswith("  # ")] == []


def test_every_variable_and_output_is_described_and_every_variable_of_the_root_has_a_default() -> None:
    block = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
    description = re.compile(r'^  description = ".{10,}"$', re.MULTILINE)
    blocks = [
        (path.relative_to(TERRAFORM), *match) for path in SOURCES for match in block.findall(path.read_text("utf-8"))
    ]

    assert len(blocks) > 100
    assert [match[:3] for match in blocks if not description.search(match[3])] == []
    of_root = [match for match in blocks if match[0] in {Path("variables.tf"), Path("root/provider.tf")}]
    assert [match[2] for match in of_root if "\n  default " not in match[3]] == []


def test_no_secret_account_or_region_is_written_in_it() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "versions.tf")
    code = re.sub(r"#.*", "", text)

    assert re.findall(r"secret_string|secret_binary|\b[0-9]{12}\b|AKIA", code) == []
    assert set(re.findall(r"\b[a-z]{2}-[a-z]+-[0-9]\b", code)) == {"eu-west-1"}  # in the description of var.region


def test_the_next_provider_version_is_allowed_and_there_is_no_lock_file() -> None:
    assert 'version = ">= 5.100, < 7.0"' in (TERRAFORM / "versions.tf").read_text(encoding="utf-8")
    tracked = subprocess.run(
        ["git", "ls-files", "deploy/aws/terraform"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert [name for name in tracked if name.endswith((".lock.hcl", ".tfstate", ".tfvars"))] == []


def test_the_outputs_that_other_programs_read_exist(made: Made) -> None:
    assert made.outputs.keys() >= {
        "alert_topic_arn",
        "athena_workgroup",
        "bucket",
        "current_database",
        "extract_function_name",
        "glue_job_name",
        "kms_key_arn",
        "lake_database",
        "lake_uri",
        "processed_topic_arn",
        "region",
        "schedule_group_name",
        "schedule_name",
        "secret_arn",
        "snowflake_external_id",
        "snowflake_role_arn",
        "state_machine_arn",
    }


# --- The Lambda and the job ---------------------------------------------------------------------------------------


def test_the_lambdas_environment_matches_its_settings(made: Made) -> None:
    function = made.resources["module.extract.aws_lambda_function.extract"]
    variables = function["environment"][0]["variables"]

    assert variables == {
        "FORCE_FULL_EVERY_DAYS": "30",
        "LAKE_URI": "s3://spotify-playlists-dev-123456789012",
        "METRICS_NAMESPACE": "SpotifyPlaylistSuite/spotify-playlists-dev",
        "SPOTIFY_LIKED_SONGS": "yes",
        "SPOTIFY_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:spotify-playlists/dev/spotify-mock",
    }
    settings = Settings.from_env(variables)
    assert (settings.playlists, settings.liked_songs, settings.full_every) == (("mine",), True, timedelta(days=30))


def test_the_lambdas_handler_exists(made: Made) -> None:
    function = made.resources["module.extract.aws_lambda_function.extract"]
    module, _, name = function["handler"].rpartition(".")

    assert callable(getattr(importlib.import_module(module), name))


def test_the_lambda_runs_once_at_a_time_and_failed_events_are_kept(made: Made) -> None:
    function = made.resources["module.extract.aws_lambda_function.extract"]
    config = made.resources["module.extract.aws_lambda_function_event_invoke_config.extract"]

    assert (function["runtime"], function["architectures"], function["timeout"]) == ("python3.13", ["arm64"], 900)
    assert function["reserved_concurrent_executions"] == 1
    assert config["maximum_retry_attempts"] == 2
    assert config["destination_config"][0]["on_failure"] == [{"destination": "arn:aws:sqs:eu-west-1:123456789012:mock"}]


def test_the_job_accepts_its_default_arguments(made: Made) -> None:
    job = made.resources["module.transform.aws_glue_job.transform"]
    words = [word for pair in job["default_arguments"].items() for word in pair]

    arguments = parse_arguments([*words, "--JOB_NAME", job["name"], "--JOB_RUN_ID", "jr_1"])

    assert arguments.lake == "s3://spotify-playlists-dev-123456789012"
    assert arguments.replay is None
    assert arguments.timeout == timedelta(minutes=job["timeout"])


def test_one_variable_sets_timeout_budget_and_the_deadline_of_attempts() -> None:
    job = outcome().made["other_settings"].resources["module.transform.aws_glue_job.transform"]
    arguments = parse_arguments(
        [word for pair in job["default_arguments"].items() for word in pair] + ["--JOB_RUN_ID", "r"]
    )

    assert job["timeout"] == 45
    assert arguments.timeout == timedelta(minutes=45)  # a killed attempt counts as failed after it
    assert arguments.budget is None  # so 70 % of it


def test_the_schedule_invokes_an_alias_that_can_be_rolled_back(made: Made) -> None:
    function = made.resources["module.extract.aws_lambda_function.extract"]
    alias = made.resources["module.extract.aws_lambda_alias.live"]
    config = made.resources["module.extract.aws_lambda_function_event_invoke_config.extract"]
    schedule = made.resources["module.events.aws_scheduler_schedule.extract"]

    assert function["publish"] is True
    assert (alias["name"], alias["function_version"]) == ("live", function["version"])
    assert config["qualifier"] == "live"
    assert schedule["target"][0]["arn"] == alias["arn"]


@functools.cache
def edges() -> set[tuple[str, str]]:
    """The dependencies in Terraform's graph."""
    text = terraform(initialised(), "graph").stdout
    return set(re.findall(r'"([^"]+)" -> "([^"]+)"', text))


def test_a_destroy_that_stops_at_the_bucket_leaves_its_key() -> None:
    assert ("module.storage.aws_s3_bucket.lake", "module.storage.aws_kms_key.lake") in edges()


def test_replaced_code_is_deleted_only_after_the_job_was_updated_and_a_wait() -> None:
    code, wait, job = (
        f"module.transform.{name}"
        for name in ("aws_s3_object.code", "terraform_data.old_code", "aws_glue_job.transform")
    )

    assert {(job, wait), (wait, code)} <= edges()
    source = (TERRAFORM / "modules" / "transform" / "main.tf").read_text(encoding="utf-8")
    [block] = re.findall(r'resource "terraform_data" "old_code" \{\n(.*?)^\}', source, re.MULTILINE | re.DOTALL)
    assert "create_before_destroy = true" in block
    assert "when    = destroy" in block
    assert 'command = "sleep $${CODE_LINGER_SECONDS:-${self.input}}"' in block


def test_the_job_is_small_short_and_runs_once_at_a_time(made: Made) -> None:
    job = made.resources["module.transform.aws_glue_job.transform"]

    assert (job["glue_version"], job["worker_type"], job["number_of_workers"]) == ("5.1", "G.1X", 2)
    assert (job["timeout"], job["max_retries"]) == (20, 0)
    assert job["execution_property"] == [{"max_concurrent_runs": 1}]
    assert job["default_arguments"]["--job-bookmark-option"] == "job-bookmark-disable"


def test_number_and_type_of_workers_are_variables() -> None:
    job = outcome().made["production"].resources["module.transform.aws_glue_job.transform"]

    assert (job["worker_type"], job["number_of_workers"], job["execution_class"]) == ("G.2X", 10, "FLEX")
    assert job["default_arguments"]["--enable-auto-scaling"] == "true"


def test_alarms_also_go_to_the_organisations_topics() -> None:
    production = outcome().made["production"]
    [page] = production.of_type("aws_cloudwatch_composite_alarm").values()

    chat, pager = (f"arn:aws:sns:eu-west-1:123456789012:{name}" for name in ("chat", "pager"))
    alarms = production.of_type("aws_cloudwatch_metric_alarm").values()
    assert {frozenset(entry["alarm_actions"]) for entry in alarms} == {
        frozenset({production.outputs["alert_topic_arn"], chat})
    }
    assert set(page["alarm_actions"]) == {production.outputs["pages_topic_arn"], pager}


def test_the_jobs_code_is_stored_under_its_hash(made: Made) -> None:
    # deploy/aws/terraform/versions.tf replaces script and zip here.
    job = made.resources["module.transform.aws_glue_job.transform"]
    script, archive = job["command"][0]["script_location"], job["default_arguments"]["--extra-py-files"]

    pattern = r"s3://spotify-playlists-dev-123456789012/code/[0-9a-f]{16}/versions\.tf"
    assert re.fullmatch(pattern, script)
    assert archive == script
    assert {values["key"] for values in made.of_type("aws_s3_object").values()} == {script.split("/", 3)[3]}


# --- The bucket ---------------------------------------------------------------------------------------------------


def test_the_bucket_is_private_versioned_and_encrypted(made: Made) -> None:
    access = made.resources["module.storage.aws_s3_bucket_public_access_block.lake"]
    ownership = made.resources["module.storage.aws_s3_bucket_ownership_controls.lake"]
    versioning = made.resources["module.storage.aws_s3_bucket_versioning.lake"]
    encryption = made.resources["module.storage.aws_s3_bucket_server_side_encryption_configuration.lake"]

    four = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert [access[entry] for entry in four] == [True, True, True, True]
    assert ownership["rule"] == [{"object_ownership": "BucketOwnerEnforced"}]
    assert versioning["versioning_configuration"][0]["status"] == "Enabled"
    [rule] = encryption["rule"]
    assert rule["bucket_key_enabled"] is True
    [default] = rule["apply_server_side_encryption_by_default"]
    assert (default["sse_algorithm"], default["kms_master_key_id"]) == ("aws:kms", made.outputs["kms_key_arn"])


def test_only_leftovers_expire(made: Made) -> None:
    rules = made.resources["module.storage.aws_s3_bucket_lifecycle_configuration.lake"]["rule"]
    expiring = {
        (rule["filter"][0]["prefix"], rule["expiration"][0]["days"], rule["status"])
        for rule in rules
        if rule["expiration"] and rule["expiration"][0]["days"]
    }

    assert expiring == {
        ("staging/", 30, "Enabled"),
        ("state/runs/", 90, "Enabled"),
        ("spark-ui/", 30, "Enabled"),
        ("athena-results/", 14, "Enabled"),
        ("raw/processed/", 1, "Disabled"),  # raw_retention_days
    }
    assert (lake.STAGING, lake.run_mark("20261120T100000Z")) == ("staging/", "state/runs/20261120T100000Z.json")


def test_the_bucket_notifies_eventbridge_and_for_published_files_the_topic(made: Made) -> None:
    [notification] = made.of_type("aws_s3_bucket_notification").values()
    [topic] = notification["topic"]

    assert notification["eventbridge"] is True
    assert topic["events"] == ["s3:ObjectCreated:*"]
    published = lake.processed_file("songs", datetime(2026, 11, 20, tzinfo=UTC).date(), 42, 0)
    assert published.startswith(topic["filter_prefix"])
    assert published.endswith(topic["filter_suffix"])
    assert topic["topic_arn"] == made.outputs["processed_topic_arn"]


def test_the_rule_matches_what_starts_a_run_and_nothing_else(made: Made) -> None:
    rule = made.resources["module.events.aws_cloudwatch_event_rule.pending"]
    [wildcard, prefix] = json.loads(rule["event_pattern"])["detail"]["object"]["key"]

    def starts_a_run(key: str) -> bool:
        return fnmatchcase(key, wildcard["wildcard"]) or key.startswith(prefix["prefix"])

    assert starts_a_run(lake.manifest("20261120T100000Z"))
    assert starts_a_run(f"{lake.DROP}at=2026-11-20T10/my page.json.gz")
    assert not starts_a_run(lake.raw_object("20261120T100000Z", "37i9dQZF1DXcBWIGoYBM5M"))
    assert not starts_a_run(lake.no_change_manifest("20261120T100000Z"))
    assert not starts_a_run(lake.archived(7, lake.manifest("20261120T100000Z")))


# --- The catalog --------------------------------------------------------------------------------------------------


def test_every_table_is_in_the_catalog_with_its_place(made: Made) -> None:
    songs = made.resources['module.catalog.aws_glue_catalog_table.lake["songs"]']

    tables = made.of_type("aws_glue_catalog_table")
    assert len(tables) == 2 * len(TABLES) + 1  # each with a view, and the view of stays
    assert {f'module.catalog.aws_glue_catalog_table.lake["{table.name}"]' for table in TABLES} <= tables.keys()
    [storage] = songs["storage_descriptor"]
    assert storage["location"] == "s3://spotify-playlists-dev-123456789012/processed/songs/"
    assert (storage["columns"][0]["name"], storage["columns"][0]["type"]) == ("song_id", "string")
    days = (
        datetime.now(UTC) - timedelta(days=1),
        datetime.now(UTC),
    )  # the day of the first deployment; midnight may pass
    assert songs["parameters"]["projection.ingest_date.range"] in {f"{day:%Y-%m-%d},NOW" for day in days}
    assert songs["parameters"]["storage.location.template"] == (
        "s3://spotify-playlists-dev-123456789012/processed/songs/ingest_date=${ingest_date}/"
    )
    assert [(key["name"], key["type"]) for key in songs["partition_keys"]] == [("ingest_date", "date")]


def test_the_first_day_of_the_tables_may_be_named_and_stays_in_the_state() -> None:
    songs = outcome().made["production"].resources['module.catalog.aws_glue_catalog_table.lake["songs"]']

    assert songs["parameters"]["projection.ingest_date.range"] == "2025-01-31,NOW"
    source = (TERRAFORM / "modules" / "catalog" / "main.tf").read_text(encoding="utf-8")
    [block] = re.findall(r'resource "terraform_data" "first_day" \{\n(.*?)^\}', source, re.MULTILINE | re.DOTALL)
    assert "ignore_changes = [input]" in block


def test_a_current_view_is_stored_as_athena_stores_it(made: Made) -> None:
    view = made.resources['module.catalog.aws_glue_catalog_table.current["song_artists"]']

    text = re.fullmatch(r"/\* Presto View: ([0-9A-Za-z+/=]+) \*/", view["view_original_text"])
    assert text is not None
    stored = json.loads(base64.b64decode(text[1]))
    assert (view["table_type"], view["parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")
    assert (stored["catalog"], stored["schema"]) == ("awsdatacatalog", "spotify_playlists_dev")
    assert stored["columns"][:3] == [
        {"name": "song_id", "type": "varchar"},
        {"name": "artist_id", "type": "varchar"},
        {"name": "position", "type": "integer"},
    ]
    assert stored["columns"][-1] == {"name": "extracted_at", "type": "timestamp(3)"}
    assert "from spotify_playlists_dev_lake.song_artists" in stored["originalSql"]


def test_stays_are_a_view_beside_the_current_views(made: Made) -> None:
    view = made.resources['module.catalog.aws_glue_catalog_table.current["stays"]']
    stored = json.loads(base64.b64decode(view["view_original_text"].split()[3]))

    [storage] = view["storage_descriptor"]
    assert [column["name"] for column in stored["columns"]] == [column["name"] for column in storage["columns"]]
    assert stored["columns"][-2:] == [
        {"name": "left_by_at", "type": "timestamp(3)"},
        {"name": "stay_days", "type": "double"},
    ]
    assert stored["originalSql"].startswith("with checks as (")


@pytest.mark.parametrize("table", ["playlist_checks", "song_popularity", "batches"])
def test_tables_and_views_of_history_show_the_day_of_a_row(made: Made, table: str) -> None:
    of_lake, view = (
        made.resources[f'module.catalog.aws_glue_catalog_table.{database}["{table}"]']
        for database in ("lake", "current")
    )
    stored = json.loads(base64.b64decode(view["view_original_text"].split()[3]))
    [storage] = view["storage_descriptor"]

    assert [(key["name"], key["type"]) for key in of_lake["partition_keys"]] == [("ingest_date", "date")]
    assert stored["columns"][-1] == {"name": "ingest_date", "type": "date"}
    assert [column["name"] for column in storage["columns"]] == [column["name"] for column in stored["columns"]]


def test_a_crawler_is_made_only_on_request_and_changes_no_schema(made: Made) -> None:
    crawler = outcome().made["production"].resources["module.crawler[0].aws_glue_crawler.published"]

    assert made.of_type("aws_glue_crawler") == {}
    assert crawler["schema_change_policy"] == [{"delete_behavior": "LOG", "update_behavior": "LOG"}]
    assert crawler["schedule"] is None
    assert len(crawler["s3_target"]) == len(TABLES)


def test_saved_queries_are_in_the_workgroup(made: Made) -> None:
    queries = {values["name"]: values for values in made.of_type("aws_athena_named_query").values()}

    assert sorted(queries) == [
        "albums_with_most_tracks",
        "collaborations",
        "entered_and_left_by_day",
        "longest_stays",
        "most_played_songs",
        "most_popular_songs",
        "most_present_songs",
        "release_years",
        "top_artists",
        "totals",
    ]
    assert "from spotify_playlists_dev.albums as albums" in queries["albums_with_most_tracks"]["query"]
    assert {query["workgroup"] for query in queries.values()} == {made.outputs["athena_workgroup"]}
    assert [name for name, query in queries.items() if "{{" in query["query"]] == []


def test_quicksight_is_off_by_default_and_made_for_an_owner(made: Made) -> None:
    assert made.of_type("aws_cloudformation_stack") == {}
    assert len(outcome().made["snowflake_and_quicksight"].of_type("aws_cloudformation_stack")) == 1


def test_no_generated_placeholder_remains(made: Made) -> None:
    views = [
        base64.b64decode(values["view_original_text"].split()[3]).decode()
        for values in made.of_type("aws_glue_catalog_table").values()
        if values["table_type"] == "VIRTUAL_VIEW"
    ]

    assert len(views) == len(TABLES) + 1  # and the view of stays
    assert [text for text in [*views, json.dumps(made.of_type("aws_glue_catalog_table"))] if "{{" in text] == []


# --- Notifications ------------------------------------------------------------------------------------------------


def test_a_failed_run_of_the_job_is_reported_however_it_was_started(made: Made) -> None:
    rule = made.resources["module.monitoring.aws_cloudwatch_event_rule.job_failed"]
    target = made.resources["module.monitoring.aws_cloudwatch_event_target.job_failed"]

    assert json.loads(rule["event_pattern"]) == {
        "source": ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        "detail": {
            "jobName": ["spotify-playlists-dev-transform"],
            "state": ["FAILED", "TIMEOUT", "ERROR", "STOPPED"],
        },
    }
    assert target["arn"] == made.outputs["alert_topic_arn"]
    template = target["input_transformer"][0]["input_template"]
    filled = json.loads(re.sub("<(run|job|state|why)>", lambda match: f'"the {match[1]}"', template))
    assert (filled["job"], filled["run"]) == ("the job", "the run")
    assert (filled["state"], filled["why"]) == ("the state", "the why")
    assert target["dead_letter_config"] == [{"arn": "arn:aws:sqs:eu-west-1:123456789012:mock"}]


def test_every_input_transformer_has_values_only_where_json_has_values(made: Made) -> None:
    templates = [
        transformer["input_template"]
        for values in made.of_type("aws_cloudwatch_event_target").values()
        for transformer in values["input_transformer"]
    ]

    # EventBridge does not escape values inside a string: an error with quotes would be lost.
    assert templates
    for template in templates:
        assert [text for text in re.findall(r'"(?:[^"\\]|\\.)*"', template) if re.search(r"<\w+>", text)] == []
        json.loads(re.sub(r"<\w+>", '"value"', template))


def test_the_budget_warns_before_it_is_spent(made: Made) -> None:
    budget = made.resources["module.monitoring.aws_budgets_budget.month[0]"]

    assert (budget["limit_amount"], budget["limit_unit"], budget["time_unit"]) == ("25", "USD", "MONTHLY")
    assert {(entry["notification_type"], entry["threshold"]) for entry in budget["notification"]} == {
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    }


def test_logs_are_encrypted_and_expire(made: Made) -> None:
    groups = made.of_type("aws_cloudwatch_log_group").values()

    assert {(values["name"], values["retention_in_days"]) for values in groups} == {
        ("/aws/lambda/spotify-playlists-dev-extract", 30),
        ("/aws-glue/jobs/spotify-playlists-dev-transform/output", 30),
        ("/aws-glue/jobs/spotify-playlists-dev-transform/error", 30),
    }
    assert {values["kms_key_id"] for values in groups} == {made.outputs["kms_key_arn"]}
