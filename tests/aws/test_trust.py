"""After the handshake with Snowflake, Terraform's next plan changes neither the roles nor the topic."""

from pathlib import Path

import pytest

from deploy.local.aws.server import LocalAws
from deploy.warehouse.stage import Stack
from deploy.warehouse.trust import Snowflakes, steps
from tests.aws.applied import Application

SNOWFLAKE = Snowflakes(
    "arn:aws:iam::999988887777:user/abcd-s-efgh1234", "arn:aws:iam::999988887777:user/errors-5678", "ABC_SFCRole=2_xyz="
)


def test_terraform_finds_nothing_to_change_after_the_handshake(
    application: Application, local_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack.of(application.outputs())
    for name, value in local_aws.environment.items():
        monkeypatch.setenv(name, value)

    done = list(steps(stack, SNOWFLAKE, tmp_path / "test.tfvars"))
    for step in done:
        step.do()

    assert len(done) == 4
    targets = ("module.warehouse", "module.storage.aws_sns_topic_policy.processed")
    application.run(
        "plan",
        f"-state={application.state}",
        "-input=false",
        "-detailed-exitcode",  # not 0 if there is anything to change
        f"-var-file={tmp_path / 'test.tfvars'}",
        *(f"-target={target}" for target in targets),
    )
