"""`python -m deploy.snowflake.admin --env dev > admin.sql`: the administrator's file with the environment's values.

A person who may use ACCOUNTADMIN runs it, in a worksheet or by `snow sql -f`, once and again at any time. Service users
are made of what is named here: the file of a public key, or an IAM role. There is no password in it and no secret.
"""

import argparse
import ipaddress
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor

from deploy.commands import CommandError, run_command
from deploy.snowflake.deploy import SCRIPTS, variables_of
from deploy.snowflake.environment import Environment, Stack, stack_of
from deploy.snowflake.prompts import parser_of

USERS = ("deployer", "bi", "monitor")


def public_key(file: Path) -> str:
    """A public key in PEM as Snowflake wants it: its letters on one line. Raises CommandError for anything else."""
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from None
    if "PRIVATE" in text:
        raise CommandError(f"{file} is a private key, which must stay secret: name the public one")
    found = re.fullmatch(r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*", text)
    if not found:
        raise CommandError(f"{file} is no public key in PEM (-----BEGIN PUBLIC KEY-----)")
    return "".join(found[1].split())


def addresses(text: str) -> str:
    """IPv4 addresses and ranges, separated by commas, unchanged; argparse names invalid ones."""
    for part in text.split(","):
        try:
            ipaddress.IPv4Network(part.strip())
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is no IPv4 address or range: {error}") from None
    return text


def admin_sql(environment: Environment, stack: Stack, given: dict[str, str]) -> str:
    """The file's text; `given` adds to what environment and stack say."""
    variables = variables_of(environment, stack) | {
        "lake_role_arn": stack.role_arn,
        "external_id": stack.external_id,
        "error_topic_arn": stack.alert_topic_arn,
        "error_role_arn": stack.error_role_arn,
    }
    return JinjaTemplateProcessor(project_root=SCRIPTS).render("snowflake/admin.sql", variables | given)


def main(argv: Sequence[str]) -> int:
    """0 when the file was printed."""
    parser = parser_of(__doc__)
    for user in USERS:
        parser.add_argument(f"--{user}-key", type=Path, metavar="FILE", help=f"public key of the service user {user}")
        parser.add_argument(f"--{user}-identity", metavar="ARN", help=f"IAM role as which {user} signs in, instead")
    parser.add_argument("--credits", type=int, default=10, help="of both warehouses a month (default: %(default)s)")
    parser.add_argument(
        "--generation", choices=("1", "2"), default="1", help="of both warehouses (default: %(default)s)"
    )
    parser.add_argument(
        "--allowed-addresses", metavar="LIST", type=addresses, help="service users connect only from these IP ranges"
    )
    parser.add_argument(
        "--authentication-policy", action="store_true", help="service users sign in by key or workload identity only"
    )
    parser.add_argument("--whole-account", action="store_true", help="put the whole account into UTC")
    given = parser.parse_args(argv)
    environment = Environment.named(given.env)
    values = {"credit_quota": str(given.credits)} | ({"whole_account": "yes"} if given.whole_account else {})
    values["warehouse_generation"] = given.generation
    values |= {"allowed_addresses": given.allowed_addresses} if given.allowed_addresses else {}
    values |= {"authentication_policy": "yes"} if given.authentication_policy else {}
    for user in USERS:
        if file := getattr(given, f"{user}_key"):
            values[f"{user}_public_key"] = public_key(file)
        if arn := getattr(given, f"{user}_identity"):
            values[f"{user}_identity_arn"] = arn
    print(admin_sql(environment, stack_of(environment, given.outputs), values).strip())
    return 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake-admin", main, sys.argv[1:]))
