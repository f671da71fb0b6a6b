"""The names of an environment's objects in a Snowflake account, and the outputs of its stack on AWS."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.commands import CommandError
from deploy.stack import outputs
from shared.lake import PROCESSED

PRODUCTION = "prod"


@dataclass(frozen=True)
class Environment:
    """A database and the objects around it. All names are derived from the database's name, as in the admin file."""

    name: str
    database: str

    @classmethod
    def named(cls, name: str) -> "Environment":
        """The environment of this name: database SPOTIFY for `prod`, else SPOTIFY_<ENV>. Raises CommandError."""
        if not re.fullmatch("[a-z][a-z0-9-]{0,15}", name):
            raise CommandError(
                f"{name!r} is no name of an environment: use at most 16 lower case letters, digits and hyphens, "
                f"such as dev"
            )
        return cls(name, "SPOTIFY" if name == PRODUCTION else f"SPOTIFY_{name.upper().replace('-', '_')}")

    @property
    def deployer(self) -> str:
        """The role that owns the schemas."""
        return f"{self.database}_DEPLOYER"

    @property
    def bi_reader(self) -> str:
        """The role that reads the BI views."""
        return f"{self.database}_BI_READER"

    @property
    def monitor(self) -> str:
        """The role that may see pipes and dynamic tables and read landed rows."""
        return f"{self.database}_MONITOR"

    @property
    def transform_warehouse(self) -> str:
        """The warehouse for migrations and checks."""
        return f"{self.database}_TRANSFORM_WH"

    @property
    def bi_warehouse(self) -> str:
        """The warehouse for queries of BI tools."""
        return f"{self.database}_BI_WH"

    @property
    def storage_integration(self) -> str:
        """The integration that reads the lake."""
        return f"{self.database}_S3"

    @property
    def error_integration(self) -> str:
        """The integration that reports files which a pipe refused."""
        return f"{self.database}_ERRORS"


@dataclass(frozen=True)
class Stack:
    """Terraform's outputs of the environment's stack on AWS."""

    lake_uri: str
    processed_topic_arn: str
    alert_topic_arn: str
    role_arn: str
    external_id: str
    error_role_arn: str

    @property
    def stage_url(self) -> str:
        """The prefix that Snowflake's stage covers; ends in a slash."""
        return quote(self.lake_uri.rstrip("/"), safe=":/") + f"/{PROCESSED}"

    @classmethod
    def of(cls, outputs: Mapping[str, object]) -> "Stack":
        """The stack with these outputs. Raises CommandError if an output is missing or empty."""
        wanted = {
            "lake_uri": "lake_uri",
            "processed_topic_arn": "processed_topic_arn",
            "alert_topic_arn": "alert_topic_arn",
            "role_arn": "snowflake_role_arn",
            "external_id": "snowflake_external_id",
            "error_role_arn": "snowflake_error_role_arn",
        }
        missing = [output for output in wanted.values() if not outputs.get(output)]
        if missing:
            raise CommandError(
                f"the stack has no output {', '.join(missing)}: run `make deploy` for this environment first"
            )
        return cls(**{field: str(outputs[output]) for field, output in wanted.items()})


def outputs_in(text: str) -> dict[str, object]:
    """Values by name, from the output of `terraform output -json` or a plain JSON object. Raises CommandError."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise CommandError(f"this is not JSON: {error}") from None
    if not isinstance(values, dict):
        raise CommandError("this is not a JSON object of outputs")
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in values.items()
    }


def stack_of(environment: Environment, file: Path | None) -> Stack:
    """The environment's stack, from a file of its outputs or else from Terraform's state. Raises CommandError."""
    try:
        made = outputs(environment.name) if file is None else outputs_in(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except CommandError as error:
        if file is not None:
            raise
        raise CommandError(
            f"Snowflake loads from the stack that `make deploy ENV={environment.name}` makes on AWS: {error}"
        ) from error
    if not made:
        raise CommandError(
            f"environment {environment.name} has no stack on AWS, and Snowflake loads from there: "
            f"`make deploy ENV={environment.name}` makes it (docs/deploy.md)"
        )
    return Stack.of(made)
