"""The policies that deploy/aws/terraform makes, and the requests that Lambda and job really send."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
from pyspark.sql import SparkSession

from deploy.local.aws.server import LocalAws
from deploy.local.spotify import SpotifyStub
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from extract_lambda.run import run as run_extraction
from glue_jobs.explode_playlists import parse_arguments
from glue_jobs.explode_playlists import run as run_job
from shared import lake
from tests.aws.stack import Made, outcome

BUCKET = "arn:aws:s3:::spotify-playlists-dev-123456789012"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/mock"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:mock"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:spotify-playlists/dev/spotify-mock"
ALERTS = "arn:aws:sns:eu-west-1:123456789012:spotify-playlists-dev-alerts"
PAGES = "arn:aws:sns:eu-west-1:123456789012:spotify-playlists-dev-pages"
PROCESSED = "arn:aws:sns:eu-west-1:123456789012:spotify-playlists-dev-processed"
PENDING = "arn:aws:sqs:eu-west-1:123456789012:spotify-playlists-dev-pending"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:mock"
JOB = "arn:aws:glue:eu-west-1:123456789012:job/mock"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group:"

# Each statement that allows an action on `*`, and why AWS requires it.
DEMANDED_WILDCARDS = {
    "readers: CatalogsAndWorkgroups": "Athena's lists know no narrower resource",
    "transform: JobMetrics": "PutMetricData knows no resources; a condition names the one namespace",
    "key: AccountDecidesByItsPolicies": "in a key's policy * is the key itself",
    "key: LogsOfThisStack": "likewise",
    "key: SenderEvents": "likewise",
    "key: SenderCloudwatch": "likewise",
    "key: SenderBudgets": "likewise",
    "key: SenderS3": "likewise",
}


@pytest.fixture(scope="module")
def made() -> Made:
    """The stack with all variables at their defaults."""
    return outcome().made["defaults"]


def policy_of(made: Made, role: str) -> list[dict[str, Any]]:
    """The statements of a role's only policy."""
    [policy] = [values for address, values in made.of_type("aws_iam_role_policy").items() if values["name"] == role]
    return statements(policy["policy"])


def statements(document: str) -> list[dict[str, Any]]:
    policy: list[dict[str, Any]] = json.loads(document)["Statement"]
    return policy


def texts(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def rights(policy: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Every allowed pair of action and resource."""
    return {
        (action, resource)
        for statement in policy
        if statement["Effect"] == "Allow"
        for action in texts(statement["Action"])
        for resource in texts(statement["Resource"])
    }


def all_policies(made: Made) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, with the name of its owner."""
    for values in made.of_type("aws_iam_role_policy").values():
        yield from ((values["name"], statement) for statement in statements(values["policy"]))
    for kind, name in (
        ("aws_iam_policy", "readers"),
        ("aws_kms_key", "key"),
        ("aws_s3_bucket_policy", "bucket"),
        ("aws_sns_topic_policy", "topic"),
        ("aws_sqs_queue_policy", "queue"),
    ):
        for values in made.of_type(kind).values():
            yield from ((name, statement) for statement in statements(values["policy"]))


# --- All policies --------------------------------------------------------------------------------------------------


def test_no_policy_allows_actions_by_a_wildcard(made: Made) -> None:
    wild = {
        (whose, action)
        for whose, statement in all_policies(made)
        if statement["Effect"] == "Allow"
        for action in texts(statement["Action"])
        if "*" in action
    }

    # Otherwise a key that no principal may use could not be repaired.
    assert wild == {("key", "kms:*")}


def test_all_resources_are_allowed_only_where_aws_requires_it(made: Made) -> None:
    wild = {
        f"{whose}: {statement['Sid']}"
        for whose, statement in all_policies(made)
        if statement["Effect"] == "Allow" and "*" in texts(statement.get("Resource", []))
    }

    assert wild == set(DEMANDED_WILDCARDS)


def test_each_service_is_allowed_only_for_this_account(made: Made) -> None:
    open_to_others = [
        f"{whose}: {statement['Sid']}"
        for whose, statement in all_policies(made)
        if "Service" in (statement.get("Principal") or {}) and statement["Principal"] != "*"
        if statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount") != "123456789012"
    ]

    # For logs the group names contain the account, and EventBridge sends no such key to an encrypted topic.
    assert open_to_others == ["key: LogsOfThisStack", "key: SenderEvents", "topic: Rules"]
    [logs] = [statement for whose, statement in all_policies(made) if statement.get("Sid") == "LogsOfThisStack"]
    assert logs["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": [
                f"{LOGS}/aws/lambda/spotify-playlists-dev-*",
                f"{LOGS}/aws-glue/jobs/spotify-playlists-dev-*",
            ]
        }
    }


def test_eventbridge_reaches_the_encrypted_topic(made: Made) -> None:
    [key] = [statement for whose, statement in all_policies(made) if statement.get("Sid") == "SenderEvents"]
    [topic] = [statement for whose, statement in all_policies(made) if statement.get("Sid") == "Rules"]

    # EventBridge sends no aws:SourceAccount to KMS, so the topic's policy may have no such condition.
    assert key["Principal"] == {"Service": "events.amazonaws.com"}
    assert key["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": ALERTS}}
    assert (topic["Principal"], topic["Action"]) == ({"Service": "events.amazonaws.com"}, "sns:Publish")
    assert topic["Resource"] == ALERTS
    assert "Condition" not in topic
    targets = made.of_type("aws_cloudwatch_event_target").values()
    assert [statement["role_arn"] for statement in targets if statement["arn"] == ALERTS] == [None]


def test_topics_and_queue_accept_messages_only_from_named_sources(made: Made) -> None:
    sources = {
        (
            statement["Resource"],
            statement["Principal"]["Service"],
            next(iter(statement["Condition"]["ArnLike"].values())),
        )
        for whose, statement in all_policies(made)
        if whose in {"topic", "queue"} and "ArnLike" in statement.get("Condition", {})
    }
    [bucket] = [statement for whose, statement in all_policies(made) if statement.get("Sid") == "BucketTells"]

    assert sources == {
        (ALERTS, "cloudwatch.amazonaws.com", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:spotify-playlists-dev-*"),
        (PAGES, "cloudwatch.amazonaws.com", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:spotify-playlists-dev-*"),
        (ALERTS, "budgets.amazonaws.com", "arn:aws:budgets::123456789012:*"),
        (QUEUE, "events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/spotify-playlists-dev-*"),
        (PENDING, "events.amazonaws.com", "arn:aws:events:eu-west-1:123456789012:rule/spotify-playlists-dev-*"),
    }
    assert (bucket["Resource"], bucket["Principal"]) == (PROCESSED, {"Service": "s3.amazonaws.com"})
    assert bucket["Condition"]["ArnEquals"] == {"aws:SourceArn": BUCKET}


def test_bucket_and_queue_require_tls(made: Made) -> None:
    refusals = {whose: statement for whose, statement in all_policies(made) if statement.get("Sid") == "OnlyByTls"}

    assert refusals.keys() == {"bucket", "queue"}
    assert {json.dumps(statement["Condition"]) for statement in refusals.values()} == {
        '{"Bool": {"aws:SecureTransport": "false"}}'
    }
    assert set(refusals["bucket"]["Resource"]) == {BUCKET, f"{BUCKET}/*"}


def test_by_default_nothing_is_immutable(made: Made) -> None:
    assert [statement["Sid"] for whose, statement in all_policies(made) if whose == "bucket"] == ["OnlyByTls"]


def test_an_immutable_lake_refuses_to_overwrite_what_was_published_or_logged() -> None:
    production = outcome().made["production"]
    [rule] = [statement for whose, statement in all_policies(production) if statement.get("Sid") == "CreatedOnce"]

    assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:PutObject")
    assert rule["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},  # parts of a multipart upload carry no such header
        "ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::123456789012:role/operator"]},
    }
    day = datetime(2026, 11, 20, tzinfo=UTC).date()
    created_once = [lake.processed_file("songs", day, 42, 0), lake.log_entry(42), lake.completion_marker(42)]
    changing = [lake.attempt("b"), lake.WATERMARK, lake.RETENTION, lake.MORE, lake.staging("b", "songs") + "x.parquet"]
    assert [key for key in created_once if not is_meant(rule, key)] == []
    assert [key for key in changing if is_meant(rule, key)] == []


def is_meant(rule: dict[str, Any], key: str) -> bool:
    return any(fnmatchcase(f"{BUCKET}/{key}", pattern) for pattern in rule["Resource"])


def test_the_job_is_denied_deleting_published_files(made: Made) -> None:
    [deny] = [statement for statement in policy_of(made, "transform") if statement["Effect"] == "Deny"]

    assert set(deny["Action"]) == {"s3:DeleteObject", "s3:DeleteObjectVersion"}
    assert is_meant({"Resource": texts(deny["Resource"])}, "processed/songs/ingest_date=2026-11-20/x.parquet")


def test_every_role_carries_the_boundary_and_the_path_of_the_organisation() -> None:
    roles = outcome().made["production"].of_type("aws_iam_role").values()

    assert len(roles) == 8
    assert {(role["permissions_boundary"], role["path"]) for role in roles} == {
        ("arn:aws:iam::123456789012:policy/boundary", "/data/")
    }


def test_an_existing_key_is_used_everywhere_and_none_is_made() -> None:
    production = outcome().made["production"]
    own = "arn:aws:kms:eu-west-1:123456789012:key/own"

    assert production.of_type("aws_kms_key") == {}
    assert production.outputs["kms_key_arn"] == own
    topics = production.of_type("aws_sns_topic").values()
    assert {statement["kms_master_key_id"] for statement in topics} == {own}
    assert ("kms:Decrypt", own) in rights(policy_of(production, "transform"))


def test_each_role_is_assumed_only_by_its_service(made: Made) -> None:
    trusted_by = {}
    for values in made.of_type("aws_iam_role").values():
        [statement] = statements(values["assume_role_policy"])
        assert statement["Action"] == "sts:AssumeRole"
        trusted_by[values["name"]] = (statement["Effect"], *statement["Principal"].values())

    assert trusted_by == {
        "spotify-playlists-dev-extract": ("Allow", "lambda.amazonaws.com"),
        "spotify-playlists-dev-transform": ("Allow", "glue.amazonaws.com"),
        "spotify-playlists-dev-machine": ("Allow", "states.amazonaws.com"),
        "spotify-playlists-dev-pipe": ("Allow", "pipes.amazonaws.com"),
        "spotify-playlists-dev-scheduler": ("Allow", "scheduler.amazonaws.com"),
        "spotify-playlists-dev-snowflake": ("Deny", "arn:aws:iam::123456789012:root"),
        "spotify-playlists-dev-snowflake-errors": ("Deny", "arn:aws:iam::123456789012:root"),
    }


# --- Each role ---------------------------------------------------------------------------------------------------


def test_the_extractors_permissions(made: Made) -> None:
    own = (f"{BUCKET}/raw/pending/run=*", f"{BUCKET}/raw/quiet/run=*", f"{BUCKET}/state/*")

    assert rights(policy_of(made, "extract")) == {
        *(("s3:GetObject", place) for place in own),
        *(("s3:PutObject", place) for place in own),
        ("s3:ListBucket", BUCKET),
        ("secretsmanager:GetSecretValue", SECRET),
        ("secretsmanager:PutSecretValue", SECRET),
        ("kms:Decrypt", KEY),
        ("kms:GenerateDataKey", KEY),
        ("logs:CreateLogStream", f"{LOGS}/aws/lambda/spotify-playlists-dev-extract:*"),
        ("logs:PutLogEvents", f"{LOGS}/aws/lambda/spotify-playlists-dev-extract:*"),
        ("sqs:SendMessage", QUEUE),
    }


def test_the_job_may_not_delete_published_archived_or_logged_objects(made: Made) -> None:
    assert {place for action, place in rights(policy_of(made, "transform")) if "Delete" in action} == {
        f"{BUCKET}/raw/pending/*",
        f"{BUCKET}/raw/quiet/*",
        f"{BUCKET}/staging/*",
        f"{BUCKET}/log/attempts/*",
        f"{BUCKET}/log/more.json*",
        f"{BUCKET}/spark-ui/*",
    }


def test_the_job_may_not_write_raw_objects_state_or_code(made: Made) -> None:
    assert {place for action, place in rights(policy_of(made, "transform")) if action == "s3:PutObject"} == {
        f"{BUCKET}/{prefix}/*"
        for prefix in ("raw/processed", "raw/quarantine", "staging", "processed", "rejects", "log", "spark-ui")
    }


def test_the_jobs_other_permissions(made: Made) -> None:
    others = {(action, place) for action, place in rights(policy_of(made, "transform")) if not action.startswith("s3:")}
    logs = f"{LOGS}/aws-glue/jobs/spotify-playlists-dev-transform/*"

    assert others == {
        ("kms:Decrypt", KEY),
        ("kms:GenerateDataKey", KEY),
        ("logs:CreateLogGroup", logs),
        ("logs:CreateLogStream", logs),
        ("logs:PutLogEvents", logs),
        ("cloudwatch:PutMetricData", "*"),
    }


def test_the_crawler_reads_published_files_and_writes_its_own_database_alone() -> None:
    allowed = rights(policy_of(outcome().made["production"], "crawler"))

    written = {
        resource for action, resource in allowed if re.search(":(Put|Create|Update|Batch(Create|Update))", action)
    }
    assert {resource.rpartition(":")[2] for resource in written} == {
        "catalog",
        "database/spotify_playlists_prod_crawled",
        "table/spotify_playlists_prod_crawled/*",
        "/aws-glue/crawlers*",
    }
    assert {resource for action, resource in allowed if action == "s3:GetObject"} == {f"{BUCKET}/processed/*"}


def test_the_permissions_of_machine_pipe_and_schedules(made: Made) -> None:
    assert rights(policy_of(made, "machine")) == {
        ("glue:StartJobRun", JOB),
        ("glue:GetJobRun", JOB),
        ("glue:GetJobRuns", JOB),
        ("glue:BatchStopJobRun", JOB),
        ("s3:ListBucket", BUCKET),
    }
    [lists] = [statement for statement in policy_of(made, "machine") if statement["Action"] == "s3:ListBucket"]
    assert lists["Condition"] == {"StringEquals": {"s3:prefix": ["raw/pending/", "log/more.json"]}}
    assert rights(policy_of(made, "pipe")) == {
        ("sqs:ReceiveMessage", PENDING),
        ("sqs:DeleteMessage", PENDING),
        ("sqs:GetQueueAttributes", PENDING),
        ("states:StartExecution", MACHINE),
    }
    assert rights(policy_of(made, "scheduler")) == {
        ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:function:mock:live"),
        ("states:StartExecution", MACHINE),
        ("sqs:SendMessage", QUEUE),
    }


def test_snowflakes_permissions(made: Made) -> None:
    assert rights(policy_of(made, "files")) == {
        ("s3:GetObject", f"{BUCKET}/processed/*"),
        ("s3:GetObjectVersion", f"{BUCKET}/processed/*"),
        ("s3:ListBucket", BUCKET),
        ("s3:GetBucketLocation", BUCKET),
        ("kms:Decrypt", KEY),
    }
    assert rights(policy_of(made, "errors")) == {
        ("sns:Publish", ALERTS),
        ("kms:Decrypt", KEY),
        ("kms:GenerateDataKey", KEY),
    }


def test_snowflake_and_quicksight_once_both_user_and_external_id_are_known() -> None:
    trusted = outcome().made["snowflake_and_quicksight"]
    roles = {values["name"]: values for values in trusted.of_type("aws_iam_role").values()}

    for name, external_id in (
        ("spotify-playlists-dev-snowflake", "chosen"),
        ("spotify-playlists-dev-snowflake-errors", "given"),
    ):
        assert statements(roles[name]["assume_role_policy"]) == [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::999999999999:user/snow"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ]
    [subscribing] = [
        statement for _, statement in all_policies(trusted) if statement.get("Sid") == "SnowflakeSubscribes"
    ]
    assert subscribing["Principal"] == {"AWS": "arn:aws:iam::999999999999:user/snow"}
    assert (subscribing["Action"], subscribing["Resource"]) == ("sns:Subscribe", PROCESSED)


def test_readers_read_only_published_tables(made: Made) -> None:
    [policy] = [values["policy"] for values in made.of_type("aws_iam_policy").values()]
    places = {place for action, place in rights(statements(policy)) if action in {"s3:GetObject", "s3:PutObject"}}
    catalog = {place for action, place in rights(statements(policy)) if action == "glue:GetTable"}

    assert places == {f"{BUCKET}/processed/*", f"{BUCKET}/athena-results/*"}
    assert catalog == {
        f"arn:aws:glue:eu-west-1:123456789012:{what}"
        for what in (
            "catalog",
            "database/spotify_playlists_dev_lake",
            "table/spotify_playlists_dev_lake/*",
            "database/spotify_playlists_dev",
            "table/spotify_playlists_dev/*",
        )
    }
    assert [action for action, _ in rights(statements(policy)) if action.startswith("s3:Delete")] == []


def test_readers_may_send_the_requests_of_athena_drivers_before_a_query(made: Made) -> None:
    [policy] = [values["policy"] for values in made.of_type("aws_iam_policy").values()]
    workgroup = "arn:aws:athena:eu-west-1:123456789012:workgroup/mock"

    assert rights(statements(policy)) >= {
        ("glue:GetDatabase", "arn:aws:glue:eu-west-1:123456789012:database/default"),
        ("athena:ListDataCatalogs", "*"),
        ("athena:ListWorkGroups", "*"),
        ("athena:GetNamedQuery", workgroup),
        ("athena:BatchGetNamedQuery", workgroup),
        ("athena:ListNamedQueries", workgroup),
    }
    writing = ("Create", "Update", "Delete", "Put", "Batch")
    others = {action for action, _ in rights(statements(policy)) if action.startswith(("glue:", "athena:"))}
    assert [action for action in others if action.split(":")[1].startswith(writing) and "Get" not in action] == []


# --- Requests match permissions -----------------------------------------------------------------------------


class Asked:
    """Records requests of boto3's default session as actions on resources of the stack."""

    def __init__(self, bucket: str, secret: str) -> None:
        self.needs: set[tuple[str, str, str]] = set()  # action, resource, prefix of a listing
        self._bucket, self._secret = bucket, secret
        boto3.setup_default_session()
        boto3.DEFAULT_SESSION.events.register("provide-client-params.*.*", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: object) -> None:
        if model.service_model.service_name == "secretsmanager":
            assert params["SecretId"] == self._secret
            self._need(f"secretsmanager:{model.name}", SECRET)
            return
        assert params["Bucket"] == self._bucket
        if model.name == "ListObjectsV2":
            self.needs.add(("s3:ListBucket", BUCKET, params["Prefix"]))
        elif model.name == "CopyObject":
            self._need("s3:GetObject", f"{BUCKET}/{params['CopySource']['Key']}")
            self._need("s3:PutObject", f"{BUCKET}/{params['Key']}")
        elif model.name == "DeleteObjects":
            for doomed in params["Delete"]["Objects"]:
                self._need("s3:DeleteObject", f"{BUCKET}/{doomed['Key']}")
        else:
            action = {"HeadObject": "GetObject"}.get(model.name, model.name)
            self._need(f"s3:{action}", f"{BUCKET}/{params['Key']}")

    def _need(self, action: str, resource: str) -> None:
        self.needs.add((action, resource, ""))
        if action == "s3:GetObject":
            self.needs.add(("s3:ListBucket", BUCKET, ""))  # otherwise 403 instead of 404

    def refused_by(self, policy: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
        """The recorded requests that no statement allows."""
        return {need for need in self.needs if not any(allows(statement, *need) for statement in policy)}


def allows(statement: dict[str, Any], action: str, resource: str, prefix: str) -> bool:
    """Whether the statement allows the request; conditions are checked only for a listing's prefix."""
    if statement["Effect"] != "Allow" or action not in texts(statement["Action"]):
        return False
    if not any(fnmatchcase(resource, pattern) for pattern in texts(statement["Resource"])):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        for pattern in [texts(keys["s3:prefix"])] if "s3:prefix" in keys else []:
            is_left_open = not prefix and operator.endswith("IfExists")
            if not is_left_open and not any(fnmatchcase(prefix, allowed) for allowed in pattern):
                return False
    return True


@pytest.fixture
def bucket(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket on the local AWS, which boto3's clients use."""
    for name, value in local_aws.environment.items():
        monkeypatch.setenv(name, value)
    where = {"LocationConstraint": local_aws.environment["AWS_REGION"]}
    local_aws.client("s3").create_bucket(Bucket="rights", CreateBucketConfiguration=where)
    yield "rights"
    boto3.DEFAULT_SESSION = None
    for listed in local_aws.client("s3").list_objects_v2(Bucket="rights").get("Contents", []):
        local_aws.client("s3").delete_object(Bucket="rights", Key=listed["Key"])
    local_aws.client("s3").delete_bucket(Bucket="rights")


def test_lambda_and_job_send_only_requests_that_their_roles_allow(
    made: Made, bucket: str, local_aws: LocalAws, spotify: SpotifyStub, spark: SparkSession
) -> None:
    assert spark
    login = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
    secret = local_aws.client("secretsmanager").create_secret(Name="rights", SecretString=json.dumps(login))["ARN"]
    extractor = Asked(bucket, secret)
    environment = {
        "LAKE_URI": f"s3://{bucket}",
        "SPOTIFY_SECRET_ARN": secret,
        "SPOTIFY_LIKED_SONGS": "yes",
        "SPOTIFY_API_URL": f"{spotify.url}/v1",
        "SPOTIFY_ACCOUNTS_URL": spotify.url,
        "SPOTIFY_MIN_REQUEST_INTERVAL": "0",
    }
    for hour in (10, 11):  # nothing is new for the second run
        at = datetime(2026, 11, 20, hour, tzinfo=UTC)
        run_extraction(f"20261120T{hour}0000Z", environment, clock=lambda at=at: at, remaining=timedelta(minutes=15))  # type: ignore[misc]
    local_aws.client("s3").put_object(Bucket=bucket, Key="raw/pending/drop/what.json", Body=b"no JSON")

    job = Asked(bucket, secret)
    argv = ["--lake", f"s3://{bucket}"]
    for hour in (12, 13):  # the second run has nothing to do
        at = datetime(2026, 11, 20, hour, tzinfo=UTC)
        run_job(parse_arguments(argv), argv, clock=lambda at=at: at)  # type: ignore[misc]

    assert extractor.refused_by(policy_of(made, "extract")) == set()
    assert job.refused_by(policy_of(made, "transform")) == set()
    # Requests were recorded.
    assert ("s3:PutObject", f"{BUCKET}/raw/pending/run=20261120T100000Z/_manifest.json", "") in extractor.needs
    assert ("s3:ListBucket", BUCKET, "raw/pending/") in job.needs
    assert {action for action, _, _ in extractor.needs} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "secretsmanager:GetSecretValue",
    }
    assert {action for action, _, _ in job.needs} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "s3:DeleteObject",
    }


def test_requests_of_other_roles_are_not_allowed(made: Made) -> None:
    extract = policy_of(made, "extract")

    assert [statement for statement in extract if allows(statement, "s3:ListBucket", BUCKET, "processed/")] == []
    assert [
        statement
        for statement in extract
        if allows(statement, "s3:GetObject", f"{BUCKET}/processed/songs/x.parquet", "")
    ] == []
    assert [
        statement for statement in extract if allows(statement, "s3:DeleteObject", f"{BUCKET}/state/playlists.json", "")
    ] == []
