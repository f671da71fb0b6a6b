"""One warehouse for all views, since deploying takes seconds; what a test puts into it is rolled back."""

from tests.deploy.snowflake.bi.landing import deployed, landing  # noqa: F401  # fixtures of this folder
