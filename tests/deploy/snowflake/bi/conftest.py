"""One warehouse for all views, because deploying takes seconds; each test's rows are rolled back."""

from tests.deploy.snowflake.bi.landing import deployed, landing  # noqa: F401  # fixtures of this folder
