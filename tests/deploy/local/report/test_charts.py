"""Charts as Vega-Lite specifications."""

import json

import pytest

from deploy.local.report.charts import bars_to_both_sides

POINTS = [{"label": "Mix", "After": 12, "Before": 3}, {"label": "New", "After": 1_500, "Before": 0}]


@pytest.mark.parametrize(
    ("is_change", "numbers"), [(True, {"+12", "\u22123", "+1,500"}), (False, {"12", "3", "1,500"})]
)
def test_only_numbers_of_changes_have_a_sign(is_change: bool, numbers: set[str]) -> None:  # a parameter
    spec = bars_to_both_sides(POINTS, "playlist", "plays", ways=("After", "Before"), is_change=is_change)

    values = json.loads(json.dumps(spec))["data"]["values"]
    assert {value["number"].removeprefix("// ") for value in values} == numbers
