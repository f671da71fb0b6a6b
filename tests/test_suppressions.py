"""Every suppressed rule has a reason, in one form: `# noqa: CODE  # reason`."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUPPRESSION = re.compile(r"# (?:ruff: )?noqa\b.*")
WITH_REASON = re.compile(r"# (?:ruff: )?noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*  # \S.*")


def test_every_suppression_has_a_reason_in_one_form() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True)
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in listed.stdout.splitlines()}
    without_reason = {
        f"{name}: {match[0]}"
        for name, text in texts.items()
        if name != "tests/test_suppressions.py"
        for match in SUPPRESSION.finditer(text)
        if not WITH_REASON.fullmatch(match[0])
    }

    assert len(texts) > 300
    assert without_reason == set()
