"""make snowflake-trust copies Snowflake's identities into Terraform's settings and AWS; moto's server is AWS."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest

from deploy.commands import run_command
from deploy.snowflake.trust import main
from tests.deploy.snowflake.commands.outputs import OUTPUTS, write_outputs
from tests.deploy.snowflake.commands.snowflake_server import Refused, Snowflake

USER = "arn:aws:iam::999988887777:user/abcd-s-efgh1234"
ERROR_USER = "arn:aws:iam::999988887777:user/errors-5678"
ACCOUNT = "123456789012"  # moto's
NO_PRINCIPAL = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "spotify-dev-0001"}},
        }
    ],
}
BUCKET_STATEMENT = {
    "Sid": "BucketTells",
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "*",
}


class Aws:
    """The stack's roles and topic, and its settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "prod.tfvars"
        self.settings.write_text('playlists = ["x"]\nsnowflake_principal_arn = "" # not yet\nalert_email="me"')
        self.iam, self.sns = boto3.client("iam"), boto3.client("sns", region_name="eu-west-1")
        for name in ("spotify-dev-snowflake", "spotify-dev-snowflake-errors"):
            self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(NO_PRINCIPAL))
        self.topic = self.sns.create_topic(Name="spotify-dev-processed")["TopicArn"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": [BUCKET_STATEMENT]})
        self.sns.set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy)

    def close(self) -> None:
        for name in ("spotify-dev-snowflake", "spotify-dev-snowflake-errors"):
            self.iam.delete_role(RoleName=name)
        self.sns.delete_topic(TopicArn=self.topic)

    def trust(self, name: str) -> object:
        return self.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]

    def statements(self) -> list[object]:
        policy = self.sns.get_topic_attributes(TopicArn=self.topic)["Attributes"]["Policy"]
        return list(json.loads(policy)["Statement"])

    def outputs(self) -> Path:
        ours = {name: value.replace("111122223333", ACCOUNT) for name, value in OUTPUTS.items()}
        return write_outputs(self.folder, **ours)


@pytest.fixture
def aws(s3_endpoint: str, tmp_path: Path) -> Iterator[Aws]:
    """A stack whose roles trust no user yet."""
    assert s3_endpoint
    made = Aws(tmp_path)
    yield made
    made.close()


def property_rows(**values: str) -> list[dict[str, object]]:
    return [
        {"property": name, "property_type": "String", "property_value": value, "property_default": ""}
        for name, value in values.items()
    ]


def integrations(person: Snowflake, **changed: str) -> None:
    """Types Snowflake's descriptions of its integrations."""
    files = {
        "ENABLED": "true",
        "STORAGE_ALLOWED_LOCATIONS": "s3://the-lake/processed/",
        "STORAGE_AWS_IAM_USER_ARN": USER,
        "STORAGE_AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/spotify-dev-snowflake",
        "STORAGE_AWS_EXTERNAL_ID": "spotify-dev-0001",
    }
    errors = {
        "AWS_SNS_TOPIC_ARN": f"arn:aws:sns:eu-west-1:{ACCOUNT}:spotify-dev-alerts",
        "AWS_SNS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/spotify-dev-snowflake-errors",
        "SF_AWS_IAM_USER_ARN": ERROR_USER,
        "SF_AWS_EXTERNAL_ID": "ABC_SFCRole=2_xyz=",
    }
    subscriber = changed.pop("subscriber", USER)
    person.answer("^desc integration SPOTIFY_S3", property_rows(**(files | changed)))
    person.answer("^desc integration SPOTIFY_ERRORS", property_rows(**errors))
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "1", "Effect": "Allow", "Principal": {"AWS": subscriber}}]}
    person.answer("get_aws_sns_iam_policy", [{"POLICY": json.dumps(policy)}])


def trust(aws: Aws, *arguments: str) -> int:
    where = ["--env", "prod", "--outputs", str(aws.outputs()), "--settings", str(aws.settings)]
    return run_command("snowflake-trust", main, [*where, *arguments])


def test_both_roles_and_the_topic_trust_snowflake_and_the_settings_say_so(
    person: Snowflake, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    integrations(person)

    assert trust(aws, "--yes") == 0

    printed = capsys.readouterr().out
    assert printed.count("done: ") == 4
    assert aws.settings.read_text() == (
        f'playlists = ["x"]\nsnowflake_principal_arn = "{USER}"\nalert_email="me"\n'
        f'snowflake_error_principal_arn = "{ERROR_USER}"\nsnowflake_error_external_id = "ABC_SFCRole=2_xyz="\n'
    )
    assert aws.trust("spotify-dev-snowflake") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": USER},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "spotify-dev-0001"}},
            }
        ],
    }
    assert aws.trust("spotify-dev-snowflake-errors") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ERROR_USER},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "ABC_SFCRole=2_xyz="}},
            }
        ],
    }
    assert aws.statements() == [
        BUCKET_STATEMENT,
        {
            "Sid": "SnowflakeSubscribes",
            "Effect": "Allow",
            "Principal": {"AWS": USER},
            "Action": "sns:Subscribe",
            "Resource": f"arn:aws:sns:eu-west-1:{ACCOUNT}:spotify-dev-processed",
        },
    ]

    # Again: nothing to do.
    assert trust(aws) == 0
    assert "trust each other already: nothing was changed" in capsys.readouterr().out


def test_a_new_snowflake_user_replaces_the_old_one(
    person: Snowflake, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    integrations(person)
    assert trust(aws, "--yes") == 0
    other = "arn:aws:iam::999988887777:user/zzzz-s-0000"
    integrations(person, STORAGE_AWS_IAM_USER_ARN=other, subscriber=other)

    assert trust(aws, "--yes") == 0

    assert [statement["Principal"] for statement in aws.statements()] == [  # type: ignore[index]
        {"Service": "s3.amazonaws.com"},
        {"AWS": other},
    ]
    assert f'snowflake_principal_arn = "{other}"\n' in aws.settings.read_text()
    assert USER not in aws.settings.read_text()
    assert capsys.readouterr().out.count("done: ") == 4 + 3


def test_without_a_terminal_nothing_is_changed(person: Snowflake, aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    integrations(person)
    before = aws.settings.read_text()

    assert trust(aws) == 1

    printed = capsys.readouterr()
    assert printed.out.count("to do: ") == 4
    assert "Nothing was changed. To do this, add APPLY=yes (without make: --yes)." in printed.err
    assert aws.settings.read_text() == before
    assert aws.trust("spotify-dev-snowflake") == NO_PRINCIPAL
    assert aws.statements() == [BUCKET_STATEMENT]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"STORAGE_AWS_EXTERNAL_ID": "made_by_snowflake"},
            (
                "integration SPOTIFY_S3 has STORAGE_AWS_EXTERNAL_ID = made_by_snowflake, the stack of environment prod "
                "says spotify-dev-0001: run the admin file again"
            ),
        ),
        (
            {"STORAGE_ALLOWED_LOCATIONS": "s3://other/processed/"},
            "integration SPOTIFY_S3 allows s3://other/processed/, which is not s3://the-lake/processed/",
        ),
        ({"subscriber": "arn:aws:iam::1:user/q"}, "Snowflake subscribes to topics as arn:aws:iam::1:user/q and reads"),
    ],
    ids=["external id", "locations", "subscriber"],
)
def test_integrations_with_other_values_change_nothing(
    person: Snowflake, aws: Aws, capsys: pytest.CaptureFixture[str], changed: dict[str, str], message: str
) -> None:
    integrations(person, **changed)

    assert trust(aws, "--yes") == 1

    assert capsys.readouterr().err.startswith(f"snowflake-trust: {message}")
    assert aws.trust("spotify-dev-snowflake") == NO_PRINCIPAL


def test_without_the_admins_integration_it_says_so(
    person: Snowflake, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "SQL compilation error:\nIntegration 'SPOTIFY_S3' does not exist or not authorized."
    person.answer("^desc integration", Refused("002003", words))

    assert trust(aws, "--yes") == 1

    assert "an integration is missing or SPOTIFY_DEPLOYER may not use it: run the admin file" in capsys.readouterr().err


def test_credentials_of_another_account_are_refused(
    person: Snowflake, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--env", "prod", "--outputs", str(write_outputs(aws.folder)), "--settings", str(aws.settings)]

    assert run_command("snowflake-trust", main, where) == 1

    printed = capsys.readouterr().err
    assert "the stack is in AWS account 111122223333, these credentials are of 123456789012" in printed
    assert person.logins == []
