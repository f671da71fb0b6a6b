"""In every order of runs, kills, lost answers and changes, each raw object is committed exactly once."""

import os

import pytest

from tests.glue_jobs.commit_log.broken import BROKEN
from tests.glue_jobs.commit_log.explorer import (
    DEEP_SCENARIOS,
    ONE_OBJECT,
    REPUT,
    SCENARIOS,
    Event,
    Exploration,
    Scenario,
)

DEEP = bool(os.environ.get("COMMIT_LOG_DEEP"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_order_of_requests_loses_or_doubles_anything(name: str) -> None:
    findings = Exploration(SCENARIOS[name]).explore(limit=1_000_000)

    assert findings.violations == {}
    assert findings.complete
    assert findings.ends > 1


@pytest.mark.skipif(not DEEP, reason="minutes: COMMIT_LOG_DEEP=1 runs it")
@pytest.mark.parametrize("name", DEEP_SCENARIOS)
def test_no_order_of_more_requests_loses_or_doubles_anything(name: str) -> None:
    findings = Exploration(DEEP_SCENARIOS[name]).explore(limit=10_000_000)

    assert findings.violations == {}
    assert findings.complete


@pytest.mark.parametrize("rule", BROKEN)
def test_leaving_out_a_rule_is_reported(rule: str) -> None:
    broken = BROKEN[rule]

    exploration = Exploration(broken.scenario, broken.make_log, private_staging=broken.private_staging)
    findings = exploration.explore(limit=300_000, first_only=True, shortest=broken.breadth_first)

    assert [wrong for wrong in findings.violations if broken.finds in wrong]


def test_an_exploration_goes_through_every_step() -> None:
    findings = Exploration(Scenario(ONE_OBJECT, runs=("run",), kills=1)).explore()

    # Killed before any change, or after: one staged file, two, the entry, a table, batches, the archived object, the
    # delete of the pending object, the completion marker, the delete of staging. And not killed.
    assert findings.ends == 11


@pytest.mark.parametrize("events", [(), REPUT])
def test_runs_on_equal_lines_with_equal_variables_are_the_same(events: tuple[Event, ...]) -> None:
    scenario = Scenario(ONE_OBJECT, ("run", "finisher"), events, kills=1)
    merged, single = Exploration(scenario), Exploration(scenario, merge=False)

    few, many = merged.explore(), single.explore()

    assert few.states * 5 < many.states
    assert merged.ends() == single.ends()
