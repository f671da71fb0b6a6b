"""The account's objects and the privileges of each role, checked as text, because fakesnow has no privileges."""

import re

import pytest
from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor
from schemachange.sql_splitter import split_sql_statements

from deploy.snowflake.embedded import SCRIPTS, EmbeddedSnowflake, rendered_scripts, variables_for

VALUES = {
    "database": "SPOTIFY",
    "lake_role_arn": "arn:aws:iam::000000000000:role/snowflake",
    "external_id": "ours",
    "stage_url": "s3://the-bucket/processed/",
    "error_topic_arn": "arn:aws:sns:eu-west-1:000000000000:alerts",
}
KEYS = {"deployer_public_key": "MIIBdeployer", "bi_public_key": "MIIBbi", "monitor_public_key": "MIIBmonitor"}


def admin(**variables: object) -> list[str]:
    """The statements of the admin file without comments, each on one line."""
    rendered = JinjaTemplateProcessor(project_root=SCRIPTS).render("snowflake/admin.sql", VALUES | variables)
    return plain(rendered)


def plain(script: str) -> list[str]:
    uncommented = re.sub(r"^\s*--.*\n?", "", script, flags=re.MULTILINE)
    return [" ".join(statement.rstrip(";").split()) for statement in split_sql_statements(uncommented)]


def grants(**variables: str) -> list[str]:
    """The statements of the migration with the grants."""
    scripts = dict(rendered_scripts(SCRIPTS, variables_for("s3://the-bucket/processed/") | variables))
    return plain(scripts["r__0_grants.sql"])


def granted_to(role: str) -> list[str]:
    ending = f" to role {role}"
    grants_to = [statement for statement in admin(**KEYS) + grants() if statement.endswith(ending)]
    return [statement.removeprefix("grant ").removesuffix(ending) for statement in grants_to]


def test_each_object_is_made_if_it_is_missing() -> None:
    creates = [statement for statement in admin(**KEYS) if statement.startswith("create ")]

    assert [re.split(r"\s(?:if not exists)\s|\s", create.removeprefix("create "))[0] for create in creates] == [
        *("database", "warehouse", "warehouse", "role", "role", "role", "schema", "schema", "schema"),
        *("user", "user", "user", "resource", "storage", "notification"),
    ]
    assert [create for create in creates if " if not exists SPOTIFY" not in create] == []


def test_nothing_is_replaced_or_dropped_and_no_user_has_a_password() -> None:
    text = "\n".join(admin(**KEYS, whole_account=True)).lower()

    assert re.findall(r"replace|drop|undrop|revoke|truncate|password|secret|token|ownership|all privileges", text) == []


def test_settings_of_every_object_are_applied_each_time() -> None:
    altered = re.findall(r"^alter (.+?) (?:set|enable) ", "\n".join(admin()), re.MULTILINE)

    assert altered == [
        "warehouse SPOTIFY_TRANSFORM_WH",
        "warehouse SPOTIFY_BI_WH",
        "schema SPOTIFY.LANDING",
        "schema SPOTIFY.CORE",
        "schema SPOTIFY.BI",
        "resource monitor SPOTIFY_CREDITS",
        "warehouse SPOTIFY_TRANSFORM_WH",
        "warehouse SPOTIFY_BI_WH",
        "storage integration SPOTIFY_S3",
        "notification integration SPOTIFY_ERRORS",
    ]


@pytest.mark.parametrize(
    ("name", "seconds", "queued"), [("SPOTIFY_TRANSFORM_WH", 900, 300), ("SPOTIFY_BI_WH", 300, 600)]
)
def test_a_warehouse_is_small_suspends_soon_and_limits_statements(name: str, seconds: int, queued: int) -> None:
    [settings] = [statement for statement in admin() if statement.startswith(f"alter warehouse {name} set warehouse_")]

    assert settings.startswith(
        f"alter warehouse {name} set warehouse_size = xsmall generation = '1' auto_suspend = 60 auto_resume = true "
        f"statement_timeout_in_seconds = {seconds} statement_queued_timeout_in_seconds = {queued} "
    )
    [made] = [statement for statement in admin() if statement.startswith(f"create warehouse if not exists {name} ")]
    assert made.endswith(" warehouse_size = xsmall generation = '1' initially_suspended = true")
    assert f"alter warehouse {name} set resource_monitor = SPOTIFY_CREDITS" in admin()


def test_credits_are_limited() -> None:
    statements = admin(credit_quota=30)

    assert (
        "create resource monitor if not exists SPOTIFY_CREDITS with credit_quota = 30 frequency = monthly "
        "start_timestamp = immediately triggers on 75 percent do notify on 100 percent do suspend "
        "on 110 percent do suspend_immediate"
    ) in statements
    assert "alter resource monitor SPOTIFY_CREDITS set credit_quota = 30" in statements


def test_the_storage_integration_reaches_only_published_files_and_has_our_external_id() -> None:
    settings = (
        "storage_aws_role_arn = 'arn:aws:iam::000000000000:role/snowflake' storage_aws_external_id = 'ours' "
        "storage_allowed_locations = ('s3://the-bucket/processed/')"
    )

    assert [statement for statement in admin() if "storage integration" in statement] == [
        (
            "create storage integration if not exists SPOTIFY_S3 type = external_stage storage_provider = 'S3' "
            f"enabled = true {settings}"
        ),
        (
            f"alter storage integration SPOTIFY_S3 set enabled = true {settings} "
            "comment = 'Reads the published files of the lake.'"
        ),
    ]


def test_errors_go_to_the_topic_by_the_lakes_role_or_a_separate_role() -> None:
    [made] = [s for s in admin() if s.startswith("create notification integration")]
    [own] = [s for s in admin(error_role_arn="arn:errors") if s.startswith("create notification integration")]

    assert made == (
        "create notification integration if not exists SPOTIFY_ERRORS enabled = true type = queue direction = outbound "
        "notification_provider = aws_sns aws_sns_topic_arn = 'arn:aws:sns:eu-west-1:000000000000:alerts' "
        "aws_sns_role_arn = 'arn:aws:iam::000000000000:role/snowflake'"
    )
    assert own.endswith("aws_sns_role_arn = 'arn:errors'")


def test_the_migrations_name_the_objects_of_the_admin_file() -> None:
    variables = variables_for("s3://the-bucket/processed/")

    assert (variables["storage_integration"], variables["error_integration"]) == ("SPOTIFY_S3", "SPOTIFY_ERRORS")


def test_every_name_follows_from_the_database() -> None:
    statements = "\n".join(admin(**KEYS, database="SPOTIFY_DEV") + grants(database="SPOTIFY_DEV"))

    assert set(re.findall(r"SPOTIFY\w*", statements)) == {
        "SPOTIFY_DEV",
        "SPOTIFY_DEV_DEPLOYER",
        "SPOTIFY_DEV_DEPLOYER_SVC",
        "SPOTIFY_DEV_BI_READER",
        "SPOTIFY_DEV_BI_SVC",
        "SPOTIFY_DEV_MONITOR",
        "SPOTIFY_DEV_MONITOR_SVC",
        "SPOTIFY_DEV_TRANSFORM_WH",
        "SPOTIFY_DEV_BI_WH",
        "SPOTIFY_DEV_CREDITS",
        "SPOTIFY_DEV_S3",
        "SPOTIFY_DEV_ERRORS",
    }


def test_a_role_may_have_another_name() -> None:
    assert "create role if not exists READERS comment = 'Reads the views of BI and nothing else.'" in admin(
        bi_role="READERS"
    )
    assert "grant usage on schema SPOTIFY.BI to role READERS" in grants(bi_role="READERS")


# --- service users


def users(**variables: object) -> list[str]:
    return [statement for statement in admin(**variables) if " user " in statement]


def test_a_user_without_key_or_identity_is_not_created() -> None:
    assert users() == []


def test_a_user_signs_in_by_key_pair_and_has_a_single_role() -> None:
    assert users(bi_public_key="MIIBbi") == [
        "create user if not exists SPOTIFY_BI_SVC type = service",
        (
            "alter user SPOTIFY_BI_SVC set default_role = SPOTIFY_BI_READER default_secondary_roles = () "
            "default_warehouse = SPOTIFY_BI_WH default_namespace = SPOTIFY.BI timezone = 'UTC'"
        ),
        "alter user SPOTIFY_BI_SVC set rsa_public_key = 'MIIBbi'",
        "grant role SPOTIFY_BI_READER to user SPOTIFY_BI_SVC",
    ]


def test_a_user_signs_in_by_workload_identity() -> None:
    assert users(deployer_identity_arn="arn:aws:iam::000000000000:role/ci") == [
        "create user if not exists SPOTIFY_DEPLOYER_SVC type = service",
        (
            "alter user SPOTIFY_DEPLOYER_SVC set default_role = SPOTIFY_DEPLOYER default_secondary_roles = () "
            "default_warehouse = SPOTIFY_TRANSFORM_WH default_namespace = SPOTIFY timezone = 'UTC'"
        ),
        (
            "alter user SPOTIFY_DEPLOYER_SVC set workload_identity = "
            "(type = aws arn = 'arn:aws:iam::000000000000:role/ci')"
        ),
        "grant role SPOTIFY_DEPLOYER to user SPOTIFY_DEPLOYER_SVC",
    ]


def policies(**variables: object) -> list[str]:
    return [statement for statement in admin(**variables) if " policy " in statement or "network_policy" in statement]


def test_service_users_have_no_policies_by_default() -> None:
    assert policies(**KEYS) == []


def test_a_network_policy_is_set_for_every_service_user() -> None:
    assert policies(bi_public_key="MIIBbi", allowed_addresses="203.0.113.0/24, 198.51.100.7") == [
        (
            "create network policy if not exists SPOTIFY_SERVICE_USERS "
            "allowed_ip_list = ('203.0.113.0/24', '198.51.100.7')"
        ),
        "alter network policy SPOTIFY_SERVICE_USERS set allowed_ip_list = ('203.0.113.0/24', '198.51.100.7')",
        "alter user SPOTIFY_BI_SVC set network_policy = 'SPOTIFY_SERVICE_USERS'",
    ]


def test_an_authentication_policy_allows_key_pair_and_workload_identity() -> None:
    assert policies(deployer_public_key="MIIBdeployer", authentication_policy="yes") == [
        (
            "create authentication policy if not exists SPOTIFY.LANDING.SERVICE_USERS "
            "authentication_methods = ('KEYPAIR', 'WORKLOAD_IDENTITY')"
        ),
        (
            "alter authentication policy SPOTIFY.LANDING.SERVICE_USERS "
            "set authentication_methods = ('KEYPAIR', 'WORKLOAD_IDENTITY')"
        ),
        "alter user SPOTIFY_DEPLOYER_SVC set authentication policy SPOTIFY.LANDING.SERVICE_USERS force",
    ]


def test_the_accounts_time_zone_is_set_only_on_request() -> None:
    assert [statement for statement in admin() if "account set" in statement] == []
    assert "alter account set timezone = 'UTC'" in admin(whole_account=True)


# --- privileges


def test_the_deployer_owns_its_schemas_and_may_use_the_objects_of_the_migrations() -> None:
    assert granted_to("SPOTIFY_DEPLOYER") == [
        "usage, create schema on database SPOTIFY",
        "usage on warehouse SPOTIFY_TRANSFORM_WH",
        "usage on integration SPOTIFY_S3",
        "usage on integration SPOTIFY_ERRORS",
    ]
    statements = admin()
    start = statements.index("use role SPOTIFY_DEPLOYER")
    assert [statement.partition(" comment = ")[0] for statement in statements[start + 1 : start + 4]] == [
        "create schema if not exists SPOTIFY.LANDING with managed access",
        "create schema if not exists SPOTIFY.CORE with managed access",
        "create schema if not exists SPOTIFY.BI with managed access",
    ]


def test_a_reader_sees_the_views_of_bi_and_nothing_else() -> None:
    assert granted_to("SPOTIFY_BI_READER") == [
        "usage on database SPOTIFY",
        "usage on warehouse SPOTIFY_BI_WH",
        "usage on schema SPOTIFY.BI",
        "select on future views in schema SPOTIFY.BI",
        "select on all views in schema SPOTIFY.BI",
    ]


def test_the_monitor_sees_pipes_and_dynamic_tables_and_reads_landed_rows() -> None:
    assert granted_to("SPOTIFY_MONITOR") == [
        "usage on database SPOTIFY",
        "usage on warehouse SPOTIFY_TRANSFORM_WH",
        "usage on schema SPOTIFY.LANDING",
        "monitor on future pipes in schema SPOTIFY.LANDING",
        "select on future tables in schema SPOTIFY.LANDING",
        "select on all tables in schema SPOTIFY.LANDING",
        "usage on schema SPOTIFY.CORE",
        "select on future views in schema SPOTIFY.CORE",
        "select on all views in schema SPOTIFY.CORE",
        "monitor on future dynamic tables in schema SPOTIFY.CORE",
        "monitor on all dynamic tables in schema SPOTIFY.CORE",
    ]


def test_every_role_is_below_the_administrators() -> None:
    assert granted_to("SYSADMIN") == ["role SPOTIFY_DEPLOYER", "role SPOTIFY_BI_READER", "role SPOTIFY_MONITOR"]


def test_each_statement_runs_as_the_least_privileged_role() -> None:
    acting: dict[str, set[str]] = {}
    role = ""
    for statement in admin(**KEYS, whole_account=True):
        if match := re.fullmatch(r"use role (\w+)", statement):
            role = match[1]
        else:
            acting.setdefault(role, set()).add(" ".join(statement.split()[:2]))

    assert acting == {
        "SYSADMIN": {"create database", "create warehouse", "alter warehouse", "grant usage", "grant usage,"},
        "USERADMIN": {"create role", "grant role", "create user", "alter user"},
        "SPOTIFY_DEPLOYER": {"create schema"},
        "ACCOUNTADMIN": {
            *("alter account", "alter schema", "create resource", "alter resource", "alter warehouse"),
            *("create storage", "alter storage", "create notification", "alter notification", "grant usage"),
        },
    }


def test_grants_come_after_their_objects_and_future_grants_before() -> None:
    names = [name for name, _ in rendered_scripts(SCRIPTS, variables_for("s3://the-bucket/processed/"))]

    assert names[:3] == ["v1.0.0__schemas_and_stage.sql", "r__0_file_format.sql", "r__0_grants.sql"]
    assert [name for name in names if "admin" in name] == []


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_variable_without_a_value_is_an_error(name: str) -> None:
    incomplete = {key: value for key, value in VALUES.items() if key != name}

    with pytest.raises(Exception, match=f"'{name}' is undefined"):
        JinjaTemplateProcessor(project_root=SCRIPTS).render("snowflake/admin.sql", incomplete)


def test_the_admin_file_and_the_migrations_can_be_applied_twice() -> None:
    """Fakesnow ignores accounts: this shows only that the statements are split correctly and do not fail."""
    with EmbeddedSnowflake() as warehouse:
        for _ in range(2):
            for statement in admin(**KEYS, whole_account=True):
                warehouse.query(statement)
            warehouse.deploy()

        assert warehouse.query("select song_count from SPOTIFY.BI.TOTALS") == [(0,)]
