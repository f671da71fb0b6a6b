"""One warehouse for all views, since deploying takes seconds; what a test puts into it is rolled back."""

from collections.abc import Iterator

import pytest

from deploy.local.warehouse import Warehouse
from tests.deploy.bi.landing import Landing


@pytest.fixture(scope="package")
def deployed() -> Iterator[Warehouse]:
    """An empty warehouse with everything deployed; closed with this folder, since only one can be open."""
    with Warehouse() as warehouse:
        warehouse.deploy()
        yield warehouse


@pytest.fixture
def landing(deployed: Warehouse) -> Iterator[Landing]:
    """Empty landing tables below the views."""
    deployed.query("begin")
    try:
        yield Landing(deployed)
    finally:
        deployed.query("rollback")
