"""`python -m deploy.snowflake.admin --env dev > admin.sql`: the administrator's file with the environment's values.

A person who may use ACCOUNTADMIN runs the file in a worksheet or with `snow sql -f`, and may run it again at any time.
It creates each service user for which you name a public key or an IAM role. It contains no password and no secret.
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
    """The base64 text of a PEM public key, on one line. Raises CommandError if the file has no such key."""
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from None
    if "PRIVATE" in text:
        raise CommandError(f"{file} is a private key, which must not leave this machine: name the public key")
    match = re.fullmatch(r"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*", text)
    if not match:
        raise CommandError(f"{file} is no public key in PEM (-----BEGIN PUBLIC KEY-----)")
    return "".join(match[1].split())


def addresses(text: str) -> str:
    """Check a comma-separated list of IPv4 addresses and ranges, and return it unchanged.

    Raises ArgumentTypeError, which names an invalid entry.
    """
    for part in text.split(","):
        try:
            ipaddress.IPv4Network(part.strip())
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{part.strip()!r} is no IPv4 address or range: {error}") from None
    return text


def admin_sql(environment: Environment, stack: Stack, options: dict[str, str]) -> str:
    """The text of the file. `options` are template variables beside those of environment and stack."""
    variables = variables_of(environment, stack) | {
        "lake_role_arn": stack.role_arn,
        "external_id": stack.external_id,
        "error_topic_arn": stack.alert_topic_arn,
        "error_role_arn": stack.error_role_arn,
    }
    return JinjaTemplateProcessor(project_root=SCRIPTS).render("snowflake/admin.sql", variables | options)


def main(argv: Sequence[str]) -> int:
    """0 when the file was printed."""
    parser = parser_of(__doc__)
    for user in USERS:
        parser.add_argument(f"--{user}-key", type=Path, metavar="FILE", help=f"public key of the service user {user}")
        parser.add_argument(
            f"--{user}-identity", metavar="ARN", help=f"IAM role that {user} signs in with, instead of a key"
        )
    parser.add_argument(
        "--credits", type=int, default=10, help="limit of both warehouses in a month (default: %(default)s)"
    )
    parser.add_argument(
        "--generation", choices=("1", "2"), default="1", help="generation of both warehouses (default: %(default)s)"
    )
    parser.add_argument(
        "--allowed-addresses",
        metavar="LIST",
        type=addresses,
        help="service users connect from these IP ranges only, such as 203.0.113.0/24,198.51.100.7",
    )
    parser.add_argument(
        "--authentication-policy",
        action="store_true",
        help="service users sign in by key pair or workload identity only",
    )
    parser.add_argument("--whole-account", action="store_true", help="set the time zone of the whole account to UTC")
    arguments = parser.parse_args(argv)
    environment = Environment.named(arguments.env)
    values = {"credit_quota": str(arguments.credits)} | ({"whole_account": "yes"} if arguments.whole_account else {})
    values["warehouse_generation"] = arguments.generation
    values |= {"allowed_addresses": arguments.allowed_addresses} if arguments.allowed_addresses else {}
    values |= {"authentication_policy": "yes"} if arguments.authentication_policy else {}
    for user in USERS:
        if file := getattr(arguments, f"{user}_key"):
            values[f"{user}_public_key"] = public_key(file)
        if arn := getattr(arguments, f"{user}_identity"):
            values[f"{user}_identity_arn"] = arn
    is_restricted = arguments.allowed_addresses or arguments.authentication_policy
    if is_restricted and not any(name.endswith(("_public_key", "_identity_arn")) for name in values):
        raise CommandError(
            "--allowed-addresses and --authentication-policy apply to the service users of this file, and it has none: "
            "add --deployer-key or another user's key or identity"
        )
    text = admin_sql(environment, stack_of(environment, arguments.outputs), values)
    print(f"{text.strip()};")  # the renderer drops the last semicolon
    return 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake-admin", main, sys.argv[1:]))
