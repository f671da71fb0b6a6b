"""Terraform's outputs of an existing environment."""

import json
from pathlib import Path

OUTPUTS = {
    "bucket": "the-lake",
    "lake_uri": "s3://the-lake",
    "region": "eu-west-1",
    "processed_topic_arn": "arn:aws:sns:eu-west-1:111122223333:spotify-dev-processed",
    "alert_topic_arn": "arn:aws:sns:eu-west-1:111122223333:spotify-dev-alerts",
    "snowflake_role_arn": "arn:aws:iam::111122223333:role/spotify-dev-snowflake",
    "snowflake_external_id": "spotify-dev-0001",
    "snowflake_error_role_arn": "arn:aws:iam::111122223333:role/spotify-dev-snowflake-errors",
}


def write_outputs(folder: Path, **changed: str) -> Path:
    """A file as `terraform output -json` prints it."""
    file = folder / "outputs.json"
    whole = OUTPUTS | changed
    outputs = {name: {"sensitive": False, "type": "string", "value": value} for name, value in whole.items()}
    file.write_text(json.dumps(outputs), encoding="utf-8")
    return file
