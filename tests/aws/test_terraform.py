"""deploy/aws/terraform, checked without an account: its form, its own tests, and what it makes."""

import base64
import importlib
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from extract_lambda import metrics
from extract_lambda.result import Result
from extract_lambda.settings import Settings
from glue_jobs.explode_playlists import Summary, parse_arguments
from shared import lake
from shared.tables import TABLES
from tests.aws.conftest import lacking
from tests.aws.stack import ROOT, TERRAFORM, Made, initialised, outcome, terraform
from tests.waiting import finished

CHECKOV = ROOT / ".venv" / "tools" / "checkov" / "bin" / "checkov"
SOURCES = sorted(TERRAFORM.rglob("*.tf"))


@pytest.fixture(scope="module")
def made() -> Made:
    """The stack with all variables at their defaults."""
    return outcome().made["defaults"]


# --- Its form -----------------------------------------------------------------------------------------------------


def test_it_is_formatted() -> None:
    done = terraform(TERRAFORM, "fmt", "-check", "-recursive", "-diff", "-no-color")

    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_valid() -> None:
    said = json.loads(terraform(initialised(), "validate", "-json").stdout)

    assert (said["valid"], said["diagnostics"]) == (True, [])


def test_its_own_tests_pass() -> None:
    done = outcome()

    assert done.complaints == []
    assert {run for run, ending in done.endings.items() if ending != "pass"} == set()
    assert {"defaults", "events", "snowflake_is_trusted", "quicksight_has_an_owner", "refused"} <= done.endings.keys()


def test_checkov_finds_nothing() -> None:
    if not CHECKOV.exists():
        lacking("there is no checkov: `make test-aws` installs it")
    where = ["--directory", str(TERRAFORM), "--config-file", str(ROOT / ".checkov.yaml")]

    done = finished([CHECKOV, *where, "--output", "json"])
    said = json.loads(done.stdout)

    assert [f"{one['check_id']} {one['resource']}" for one in said["results"]["failed_checks"]] == []
    assert said["summary"]["parsing_errors"] == 0
    assert said["summary"]["passed"] > 100


def test_each_check_that_is_left_out_has_its_reason() -> None:
    lines = (ROOT / ".checkov.yaml").read_text(encoding="utf-8").splitlines()
    skipped = [number for number, line in enumerate(lines) if re.fullmatch(r"  - CKV2?_AWS_\d+", line)]

    assert len(skipped) == 14
    assert [lines[number] for number in skipped if not lines[number - 1].startswith("  # ")] == []


def test_every_variable_and_output_is_described_and_every_variable_of_the_root_has_a_default() -> None:
    block = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
    description = re.compile(r'^  description = ".{10,}"$', re.MULTILINE)
    blocks = [
        (path.relative_to(TERRAFORM), *found) for path in SOURCES for found in block.findall(path.read_text("utf-8"))
    ]

    assert len(blocks) > 100
    assert [found[:3] for found in blocks if not description.search(found[3])] == []
    of_root = [found for found in blocks if found[0] == Path("variables.tf")]
    assert [found[2] for found in of_root if "\n  default " not in found[3]] == []


def test_no_secret_account_or_region_is_written_in_it() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "versions.tf")
    code = re.sub(r"#.*", "", text)

    assert re.findall(r"secret_string|secret_binary|\b[0-9]{12}\b|AKIA", code) == []
    assert set(re.findall(r"\b[a-z]{2}-[a-z]+-[0-9]\b", code)) == {"eu-west-1"}  # in the description of var.region


def test_the_provider_may_be_the_next_one_too_and_no_lock_file_binds_it() -> None:
    assert 'version = ">= 5.100, < 7.0"' in (TERRAFORM / "versions.tf").read_text(encoding="utf-8")
    tracked = subprocess.run(
        ["git", "ls-files", "deploy/aws/terraform"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert [name for name in tracked if name.endswith((".lock.hcl", ".tfstate", ".tfvars"))] == []


def test_others_find_the_outputs_they_ask_for(made: Made) -> None:
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


def test_the_lambdas_environment_is_what_its_settings_take(made: Made) -> None:
    function = made.resources["module.extract.aws_lambda_function.extract"]
    variables = function["environment"][0]["variables"]

    assert variables == {
        "FORCE_FULL_EVERY_DAYS": "30",
        "LAKE_URI": "s3://spotify-playlists-dev-123456789012",
        "SPOTIFY_LIKED_SONGS": "yes",
        "SPOTIFY_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:spotify-playlists/dev/spotify-mock",
    }
    settings = Settings.from_env(variables)
    assert (settings.playlists, settings.liked_songs, settings.full_every) == (("mine",), True, timedelta(days=30))


def test_the_lambdas_handler_is_there(made: Made) -> None:
    function = made.resources["module.extract.aws_lambda_function.extract"]
    module, _, name = function["handler"].rpartition(".")

    assert callable(getattr(importlib.import_module(module), name))


def test_the_lambda_runs_alone_and_what_fails_for_good_is_kept(made: Made) -> None:
    function = made.resources["module.extract.aws_lambda_function.extract"]
    config = made.resources["module.extract.aws_lambda_function_event_invoke_config.extract"]

    assert (function["runtime"], function["architectures"], function["timeout"]) == ("python3.13", ["arm64"], 900)
    assert function["reserved_concurrent_executions"] == 1
    assert config["maximum_retry_attempts"] == 2
    assert config["destination_config"][0]["on_failure"] == [{"destination": "arn:aws:sqs:eu-west-1:123456789012:mock"}]


def test_the_job_takes_its_default_arguments(made: Made) -> None:
    job = made.resources["module.transform.aws_glue_job.transform"]
    given = [word for pair in job["default_arguments"].items() for word in pair]

    arguments = parse_arguments([*given, "--JOB_NAME", job["name"], "--JOB_RUN_ID", "jr_1"])

    assert arguments.lake == "s3://spotify-playlists-dev-123456789012"
    assert arguments.replay is None
    assert arguments.timeout == timedelta(minutes=job["timeout"])


def test_the_job_is_small_short_and_alone(made: Made) -> None:
    job = made.resources["module.transform.aws_glue_job.transform"]

    assert (job["glue_version"], job["worker_type"], job["number_of_workers"]) == ("5.1", "G.1X", 2)
    assert (job["timeout"], job["max_retries"]) == (20, 0)
    assert job["execution_property"] == [{"max_concurrent_runs": 1}]
    assert job["default_arguments"]["--job-bookmark-option"] == "job-bookmark-disable"


def test_the_jobs_code_lies_under_its_hash(made: Made) -> None:
    # deploy/aws/terraform/versions.tf stands for script and zip here.
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
    assert [access[one] for one in four] == [True, True, True, True]
    assert ownership["rule"] == [{"object_ownership": "BucketOwnerEnforced"}]
    assert versioning["versioning_configuration"][0]["status"] == "Enabled"
    [rule] = encryption["rule"]
    assert rule["bucket_key_enabled"] is True
    [default] = rule["apply_server_side_encryption_by_default"]
    assert (default["sse_algorithm"], default["kms_master_key_id"]) == ("aws:kms", made.outputs["kms_key_arn"])


def test_what_expires_is_nothing_that_anybody_needs(made: Made) -> None:
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


def test_the_bucket_tells_eventbridge_and_of_published_files_the_topic(made: Made) -> None:
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
    assert len(tables) == 21  # and the view of stays
    assert {f'module.catalog.aws_glue_catalog_table.lake["{table.name}"]' for table in TABLES} <= tables.keys()
    [storage] = songs["storage_descriptor"]
    assert storage["location"] == "s3://spotify-playlists-dev-123456789012/processed/songs/"
    assert (storage["columns"][0]["name"], storage["columns"][0]["type"]) == ("song_id", "string")
    assert songs["parameters"]["projection.ingest_date.range"] == "2024-01-01,NOW"
    assert songs["parameters"]["storage.location.template"] == (
        "s3://spotify-playlists-dev-123456789012/processed/songs/ingest_date=${ingest_date}/"
    )
    assert [(key["name"], key["type"]) for key in songs["partition_keys"]] == [("ingest_date", "date")]


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


def test_stays_are_a_view_beside_the_current_ones(made: Made) -> None:
    view = made.resources['module.catalog.aws_glue_catalog_table.current["stays"]']
    stored = json.loads(base64.b64decode(view["view_original_text"].split()[3]))

    [storage] = view["storage_descriptor"]
    assert [column["name"] for column in stored["columns"]] == [column["name"] for column in storage["columns"]]
    assert stored["columns"][-2:] == [
        {"name": "left_by_at", "type": "timestamp(3)"},
        {"name": "stay_days", "type": "double"},
    ]
    assert stored["originalSql"].startswith("with checks as (")


def test_saved_queries_are_in_the_workgroup(made: Made) -> None:
    queries = {values["name"]: values for values in made.of_type("aws_athena_named_query").values()}

    assert sorted(queries) == [
        "albums_with_most_tracks",
        "collaborations",
        "entered_and_left_by_day",
        "longest_stays",
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
    assert len(outcome().made["quicksight_has_an_owner"].of_type("aws_cloudformation_stack")) == 1


def test_nothing_generated_is_left_open(made: Made) -> None:
    views = [
        base64.b64decode(values["view_original_text"].split()[3]).decode()
        for values in made.of_type("aws_glue_catalog_table").values()
        if values["table_type"] == "VIRTUAL_VIEW"
    ]

    assert len(views) == 11
    assert [text for text in [*views, json.dumps(made.of_type("aws_glue_catalog_table"))] if "{{" in text] == []


# --- What people are told -----------------------------------------------------------------------------------------


def test_these_are_the_alarms(made: Made) -> None:
    alarms = made.of_type("aws_cloudwatch_metric_alarm").values()

    assert {values["alarm_name"].removeprefix("spotify-playlists-dev-") for values in alarms} == {
        "entry-undone",
        "login-ends",
        "machine-failed",
        "many-rejects",
        "no-success",
        "undelivered",
    }


def test_every_alarm_reaches_somebody_says_what_to_do_and_knows_what_no_data_means(made: Made) -> None:
    alarms = made.of_type("aws_cloudwatch_metric_alarm")
    missing = {name.split(".")[-1]: values["treat_missing_data"] for name, values in alarms.items()}

    assert {tuple(values["alarm_actions"]) for values in alarms.values()} == {(made.outputs["alert_topic_arn"],)}
    assert [name for name, values in alarms.items() if len(values["alarm_description"]) < 100] == []
    assert missing == {
        'alarm["entry-undone"]': "notBreaching",
        'alarm["login-ends"]': "ignore",
        'alarm["many-rejects"]': "notBreaching",
        'alarm["no-success"]': "breaching",
        'alarm["undelivered"]': "notBreaching",
        "machine_failed": "notBreaching",
    }


def test_no_look_that_went_well_for_26_hours_is_an_alarm(made: Made) -> None:
    alarm = made.resources['module.monitoring.aws_cloudwatch_metric_alarm.alarm["no-success"]']

    assert (alarm["period"], alarm["evaluation_periods"], alarm["threshold"]) == (3600, 26, 3600)
    assert (alarm["statistic"], alarm["comparison_operator"]) == ("Minimum", "GreaterThanThreshold")


def test_the_alarms_look_at_metrics_that_the_lambda_writes(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime(2026, 11, 20, 10, tzinfo=UTC)
    metrics.emit(Result(run_id="r", last_success=now, token_age=timedelta(days=3), calls_left={"items": 9}), now)
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = {
        (one["Namespace"], metric["Name"], line["service"])
        for line in written
        for one in line["_aws"]["CloudWatchMetrics"]
        for metric in one["Metrics"]
    }

    looked_at = {
        (values["namespace"], values["metric_name"], values["dimensions"]["service"])
        for values in made.of_type("aws_cloudwatch_metric_alarm").values()
        if values["namespace"] == "SpotifyPlaylistSuite"
    }
    assert looked_at == {
        ("SpotifyPlaylistSuite", "SecondsSinceLastSuccess", "extract_lambda"),
        ("SpotifyPlaylistSuite", "TokenAgeDays", "extract_lambda"),
    }
    assert looked_at <= names
    assert {(metric[0], metric[1], metric[3]) for metric in dashboard_metrics(made, "SpotifyPlaylistSuite")} <= names


def dashboard_metrics(made: Made, namespace: str) -> list[list[Any]]:
    body = json.loads(made.resources["module.monitoring.aws_cloudwatch_dashboard.suite"]["dashboard_body"])
    found = [metric for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])]
    assert found
    return [metric for metric in found if metric[0] == namespace]


def test_the_filters_look_at_what_the_job_says(made: Made) -> None:
    filters = {values["pattern"] for values in made.of_type("aws_cloudwatch_log_metric_filter").values()}
    summary = Summary("s3://lake", finished=[41], alarms=[{"batch": 42, "items": 10, "rejects": 9}])
    said = json.loads(summary.as_json())

    assert filters == {
        '{ ($.job = "explode_playlists") && ($.finished_earlier[0] >= 1) }',
        '{ ($.job = "explode_playlists") && ($.alarms[0].batch >= 1) }',
    }
    assert (said["job"], said["finished_earlier"][0], said["alarms"][0]["batch"]) == ("explode_playlists", 41, 42)


def test_a_failed_run_of_the_job_is_told_whoever_started_it(made: Made) -> None:
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
    assert '"Run <run> of <job> ended <state>: <why> ' in target["input_transformer"][0]["input_template"]
    assert target["dead_letter_config"] == [{"arn": "arn:aws:sqs:eu-west-1:123456789012:mock"}]


def test_the_budget_tells_before_it_is_spent(made: Made) -> None:
    budget = made.resources["module.monitoring.aws_budgets_budget.month[0]"]

    assert (budget["limit_amount"], budget["limit_unit"], budget["time_unit"]) == ("25", "USD", "MONTHLY")
    assert {(one["notification_type"], one["threshold"]) for one in budget["notification"]} == {
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    }


def test_logs_are_encrypted_and_end(made: Made) -> None:
    groups = made.of_type("aws_cloudwatch_log_group").values()

    assert {(values["name"], values["retention_in_days"]) for values in groups} == {
        ("/aws/lambda/spotify-playlists-dev-extract", 30),
        ("/aws-glue/jobs/spotify-playlists-dev-transform/output", 30),
        ("/aws-glue/jobs/spotify-playlists-dev-transform/error", 30),
    }
    assert {values["kms_key_id"] for values in groups} == {made.outputs["kms_key_arn"]}
