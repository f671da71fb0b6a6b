"""A warehouse with a few rows, small enough to count by hand."""

import pytest

from tests.deploy.bi.world import fill
from tests.deploy.snowflake.bi.landing import Landing, deployed, landing  # noqa: F401  # fixtures of this folder


@pytest.fixture
def world(landing: Landing) -> Landing:
    """The warehouse with the rows of `world.fill`."""
    fill(landing)
    return landing
