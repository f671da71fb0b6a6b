"""`make snowflake-trust ENV=dev`: lets a Snowflake account and the environment's stack on AWS trust each other.

DESC INTEGRATION shows Snowflake's IAM users and the external id that it chose for error notifications. The stack's two
roles must trust these users, and its topic must allow Snowflake's queue to subscribe. Terraform manages roles and
topic, so the command first writes the values into the environment's settings, deploy/aws/terraform/<env>.tfvars. Then
it sets the policies with boto3 exactly as Terraform would, so that Terraform's next plan finds nothing to change.

The plan is shown first. A second run changes nothing. A new trust policy takes effect in IAM after about a minute.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
from botocore.exceptions import BotoCoreError, ClientError

from deploy.commands import CommandError, run_command
from deploy.snowflake.connect import Account
from deploy.snowflake.environment import Environment, Stack, stack_of
from deploy.snowflake.prompts import confirm, parser_of
from deploy.stack import TERRAFORM, caller

# Sid of the topic policy's statement in deploy/aws/terraform/modules/storage.
SUBSCRIBES = "SnowflakeSubscribes"
_ADMIN_AGAIN = "run the admin file again with this stack's values (docs/snowflake.md); nothing was changed"
Json = dict[str, Any]


@dataclass(frozen=True)
class Snowflakes:
    """Snowflake's IAM users: one for files and their events, one for error notifications with its external id."""

    principal_arn: str
    error_principal_arn: str
    error_external_id: str

    @property
    def variables(self) -> dict[str, str]:
        """The values as Terraform's variables."""
        return {
            "snowflake_principal_arn": self.principal_arn,
            "snowflake_error_principal_arn": self.error_principal_arn,
            "snowflake_error_external_id": self.error_external_id,
        }


@dataclass(frozen=True)
class Step:
    """A change: its description, and the function that makes it."""

    what: str
    do: Callable[[], object]


# --- Snowflake's side


def snowflakes(account: Account, stack: Stack) -> Snowflakes:
    """Snowflake's IAM users. Raises CommandError if its integrations do not belong to this stack."""
    environment = account.environment
    files = _described(account, environment.storage_integration)
    errors = _described(account, environment.error_integration)
    expected = [
        (environment.storage_integration, files, "STORAGE_AWS_ROLE_ARN", stack.role_arn),
        (environment.storage_integration, files, "STORAGE_AWS_EXTERNAL_ID", stack.external_id),
        (environment.error_integration, errors, "AWS_SNS_ROLE_ARN", stack.error_role_arn),
        (environment.error_integration, errors, "AWS_SNS_TOPIC_ARN", stack.alert_topic_arn),
    ]
    for integration, described, name, value in expected:
        if described.get(name) != value:
            raise CommandError(
                f"integration {integration} has {name} = {described.get(name) or 'nothing'}, the stack of environment "
                f"{environment.name} says {value}: {_ADMIN_AGAIN}"
            )
    if stack.stage_url not in files.get("STORAGE_ALLOWED_LOCATIONS", "").split(","):
        raise CommandError(
            f"integration {environment.storage_integration} allows {files.get('STORAGE_ALLOWED_LOCATIONS')}, which is "
            f"not {stack.stage_url}: {_ADMIN_AGAIN}"
        )
    principals = Snowflakes(
        files["STORAGE_AWS_IAM_USER_ARN"], errors["SF_AWS_IAM_USER_ARN"], errors["SF_AWS_EXTERNAL_ID"]
    )
    subscriber = _subscriber(account, stack)
    if subscriber != principals.principal_arn:
        raise CommandError(
            f"Snowflake subscribes to topics as {subscriber} and reads files as {principals.principal_arn}; this suite "
            "supports a single user for both, so an administrator of AWS must allow the first to subscribe; "
            "nothing was changed"
        )
    return principals


def _described(account: Account, integration: str) -> dict[str, str]:
    rows = account.rows(f"desc integration {integration}")
    return {str(row["property"]): str(row["property_value"] or "") for row in rows}


def _subscriber(account: Account, stack: Stack) -> str:
    [(text,)] = account.query("select system$get_aws_sns_iam_policy(%s) as POLICY", stack.processed_topic_arn)
    try:
        return str(json.loads(str(text))["Statement"][0]["Principal"]["AWS"])
    except (ValueError, LookupError, TypeError):
        raise CommandError(f"Snowflake's answer for {stack.processed_topic_arn} is no policy: {text}") from None


# --- AWS's side, with the same policies as deploy/aws/terraform/modules/snowflake and storage


def trust_policy(principal_arn: str, external_id: str) -> Json:
    """A trust policy: the principal may assume the role if it presents the external id."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal_arn},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            }
        ],
    }


def topic_policy(current: Json, principal_arn: str, topic_arn: str) -> Json:
    """The topic's policy with Snowflake allowed to subscribe; every other statement unchanged."""
    others = [statement for statement in current.get("Statement", []) if statement.get("Sid") != SUBSCRIBES]
    subscribes = {
        "Sid": SUBSCRIBES,
        "Effect": "Allow",
        "Principal": {"AWS": principal_arn},
        "Action": "sns:Subscribe",
        "Resource": topic_arn,
    }
    return current | {"Statement": [*others, subscribes]}


def with_variables(text: str, values: Mapping[str, str]) -> str:
    """The text of Terraform settings with these variables set, each on its own line; other lines are unchanged."""
    for name, value in values.items():
        line = f'{name} = "{value}"'
        text, count = re.subn(rf"(?m)^[ \t]*{name}[ \t]*=.*$", line.replace("\\", r"\\"), text)
        if not count:
            text += ("" if not text or text.endswith("\n") else "\n") + line + "\n"
    return text


def steps(stack: Stack, principals: Snowflakes, settings: Path) -> Iterator[Step]:
    """The changes that are needed, the environment's settings first. Raises CommandError if AWS cannot be read."""
    before = settings.read_text(encoding="utf-8") if settings.is_file() else ""
    after = with_variables(before, principals.variables)
    if after != before:
        yield Step(
            f"write {', '.join(principals.variables)} into {settings}", lambda: settings.write_text(after, "utf-8")
        )
    iam, sns = boto3.client("iam"), boto3.client("sns", region_name=stack.processed_topic_arn.split(":")[3])
    for role_arn, principal, external_id in (
        (stack.role_arn, principals.principal_arn, stack.external_id),
        (stack.error_role_arn, principals.error_principal_arn, principals.error_external_id),
    ):
        name = role_arn.rpartition("/")[2]
        wanted = trust_policy(principal, external_id)
        if iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] != wanted:
            yield Step(
                f"let {principal} assume role {name} if it knows the external id {external_id}",
                lambda name=name, wanted=wanted: iam.update_assume_role_policy(  # type: ignore[misc]
                    RoleName=name, PolicyDocument=json.dumps(wanted)
                ),
            )
    topic = stack.processed_topic_arn
    current = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"].get("Policy") or "{}")
    policy = topic_policy(current, principals.principal_arn, topic)
    if policy != current:
        yield Step(
            f"let {principals.principal_arn} subscribe to {topic}",
            lambda: sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)),
        )


def _explained(error: Exception) -> str:
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        if "AccessDenied" in code or "Unauthorized" in code or "AuthorizationError" in code:
            return f"AWS does not allow this ({error}): use credentials that may deploy the stack"
        if code in {"NoSuchEntity", "NotFound"}:
            return f"the stack differs from its outputs ({error}): run make deploy first"
    return f"AWS: {error}"


def main(argv: Sequence[str]) -> int:
    """0 when AWS and Snowflake trust each other as far as this command can check."""
    parser = parser_of(__doc__, changes=True)
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="the environment's tfvars (default: Terraform's own)"
    )
    arguments = parser.parse_args(argv)
    environment = Environment.named(arguments.env)
    stack = stack_of(environment, arguments.outputs)
    who = caller()
    owner = stack.role_arn.split(":")[4]
    if who.account != owner:
        raise CommandError(
            f"the stack is in AWS account {owner}, these credentials are of {who.account}: use another profile"
        )
    settings = arguments.settings or TERRAFORM / f"{environment.name}.tfvars"
    with Account.of(environment) as account:
        principals = snowflakes(account, stack)
        place = f"AWS account {who.account}, for Snowflake account {account.name}"
    try:
        to_do = list(steps(stack, principals, settings))
        for step in to_do:
            print(f"to do: {step.what}")
        if to_do:
            confirm(yes=arguments.yes, place=place)
        for step in to_do:
            step.do()
            print(f"done: {step.what}")
    except (BotoCoreError, ClientError) as error:
        raise CommandError(_explained(error)) from error
    if not to_do:
        print("AWS and Snowflake trust each other already: nothing was changed.")
    print(f"Next: make deploy-plan ENV={environment.name} must find nothing to change in roles and topic;")
    print(f"  then, after a minute (IAM takes that long), make snowflake ENV={environment.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake-trust", main, sys.argv[1:]))
