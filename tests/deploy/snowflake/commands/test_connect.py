"""Connections to an account, and the messages made from the real connector's exceptions, over HTTP."""

from pathlib import Path

import pytest

from deploy.snowflake import connect
from deploy.snowflake.connect import Account, AccountError
from deploy.snowflake.environment import Environment
from tests.deploy.snowflake.commands.conftest import PASSPHRASE
from tests.deploy.snowflake.commands.snowflake_server import Refused, Snowflake

DEV = Environment.named("dev")


def refusal(environment: Environment = DEV) -> str:
    with pytest.raises(AccountError) as raised:
        Account.of(environment)
    return str(raised.value)


def refusal_of(statement: str) -> str:
    with Account.of(DEV) as account, pytest.raises(AccountError) as raised:
        account.query(statement)
    return str(raised.value)


def test_it_connects_by_key_as_the_environments_deployer(person: Snowflake, prod: Environment) -> None:
    with Account.of(prod) as account:
        assert account.query("select %s as A, 2 as B", "x") == [("x", 2)]
        assert account.rows("select 1 as ONE") == [{"one": 1}]
        assert (account.name, account.user) == ("myorg-myaccount", "SPOTIFY_DEPLOYER_SVC")
    assert person.logins[0]["LOGIN_NAME"] == "SPOTIFY_DEPLOYER_SVC"
    assert person.logins[0]["AUTHENTICATOR"] == "SNOWFLAKE_JWT"
    assert "PASSWORD" not in person.logins[0]


def test_an_environments_names_follow_from_its_database() -> None:
    environment = Environment.named("my-test")

    assert (environment.database, environment.deployer) == ("SPOTIFY_MY_TEST", "SPOTIFY_MY_TEST_DEPLOYER")
    assert (environment.storage_integration, environment.error_integration) == (
        "SPOTIFY_MY_TEST_S3",
        "SPOTIFY_MY_TEST_ERRORS",
    )


# Snowflake's answer to a refused login, and the beginning of the message for it.
LOGINS = [
    (
        Refused("390144", "JWT token is invalid. [0a1b2c3d-0000]"),
        (
            "the key {key} is not registered for SPOTIFY_DEPLOYER_SVC, or there is no such user: as an administrator "
            "run `alter user SPOTIFY_DEPLOYER_SVC set rsa_public_key = '...'`"
        ),
    ),
    (
        Refused("394304", "JWT token is invalid."),
        "the key {key} is not registered for SPOTIFY_DEPLOYER_SVC",
    ),
    (
        Refused("390100", "Incorrect username or password was specified."),
        "myorg-myaccount refused the password of SPOTIFY_DEPLOYER_SVC: service users have had none since October 2026",
    ),
    (
        Refused("250001", "Multi-factor authentication is required for this account. Log in to Snowsight to enroll."),
        "myorg-myaccount requires a second factor, which a command cannot provide: use a service user with a key",
    ),
    (
        Refused("390101", "User temporarily locked. Try again later, or contact your local system administrator."),
        "SPOTIFY_DEPLOYER_SVC is disabled or locked",
    ),
    (
        Refused(
            "390189",
            "Role 'SPOTIFY_DEV_DEPLOYER' specified in the connect string does not exist or not authorized. Contact "
            "your local system administrator, or attempt to login with another role, e.g. PUBLIC.",
        ),
        "role SPOTIFY_DEV_DEPLOYER does not exist or SPOTIFY_DEPLOYER_SVC may not use it: run the admin file",
    ),
    (
        Refused(
            "390422",
            "Incoming request with IP/Token 203.0.113.7 is not allowed to access Snowflake. Contact your account "
            "administrator.",
        ),
        "a network policy of myorg-myaccount does not allow this machine's address",
    ),
    (Refused("", "", 404), "there is no Snowflake account at 127.0.0.1: SNOWFLAKE_ACCOUNT is 'myorg-myaccount'"),
    (Refused("", "", 403), "there is no Snowflake account at 127.0.0.1: SNOWFLAKE_ACCOUNT is 'myorg-myaccount'"),
    (Refused("399999", "Something new."), "Snowflake refused: "),
]


@pytest.mark.parametrize(("refused", "words"), LOGINS, ids=[f"{case.code or case.status}" for case, _ in LOGINS])
def test_a_refused_login_is_explained(person: Snowflake, key: Path, refused: Refused, words: str) -> None:
    person.login = refused

    message = refusal()

    assert message.startswith(words.format(key=key))
    assert refused.message in message


# Snowflake's answers to refused statements, and the beginnings of the messages for them.
STATEMENTS = [
    (
        Refused("090073", "Warehouse 'SPOTIFY_DEV_TRANSFORM_WH' cannot be resumed because resource monitor "
                "'SPOTIFY_DEV_CREDITS' has exceeded its quota."),
        ("warehouse SPOTIFY_DEV_TRANSFORM_WH is suspended because the month's credits are used up: wait for the next "
        "month, or as ACCOUNTADMIN raise `credit_quota` of SPOTIFY_DEV_CREDITS; pipes continue to load"),
    ),
    (
        Refused("000606", "No active warehouse selected in the current session.  Select an active warehouse with the "
                "'use warehouse' command."),
        ("warehouse SPOTIFY_DEV_TRANSFORM_WH does not exist, does not resume automatically, or SPOTIFY_DEV_DEPLOYER "
        "may not use it"),
    ),
    (
        Refused("000666", "SQL compilation error: Your account is suspended due to lack of payment method."),
        "myorg-myaccount is suspended, its trial has ended or a payment is missing",
    ),
    (
        Refused("000666", "Your free trial has ended and all of your virtual warehouses have been suspended. Add "
                "billing information in the Snowflake web UI to continue using the full set of Snowflake features."),
        "myorg-myaccount is suspended, its trial has ended or a payment is missing",
    ),
    (
        Refused("003001", "SQL access control error: Insufficient privileges to operate on schema 'LANDING'"),
        "SPOTIFY_DEV_DEPLOYER may not do this: run the admin file again",
    ),
    (
        Refused("002003", "SQL compilation error: Object 'SPOTIFY_DEV.LANDING.X' does not exist or not authorized."),
        "this does not exist or SPOTIFY_DEV_DEPLOYER may not see it: `make snowflake ENV=dev` creates everything",
    ),
    (
        Refused("002003", "SQL compilation error: Database 'SPOTIFY_DEV' does not exist or not authorized."),
        "database SPOTIFY_DEV does not exist or SPOTIFY_DEV_DEPLOYER may not see it: run the admin file",
    ),
    (
        Refused("002003", "SQL compilation error: Integration 'SPOTIFY_DEV_S3' does not exist or not authorized."),
        "an integration is missing or SPOTIFY_DEV_DEPLOYER may not use it: run the admin file",
    ),
    (
        Refused("003167", "SQL execution error: Error assuming AWS_ROLE. Please verify the role and externalId are "
                "configured correctly in your AWS policy."),
        "AWS does not trust this account yet: run `make snowflake-trust ENV=dev`",
    ),
    (
        Refused("003000", "Location 's3://other/processed/' is not allowed by integration 'SPOTIFY_DEV_S3'. Please use "
                "DESC INTEGRATION to check out allowed and blocked locations."),
        "the storage integration does not cover the lake's bucket",
    ),
    (
        Refused("000630", "Statement reached its statement or warehouse timeout of 900 second(s) and was canceled."),
        "it took longer than warehouse SPOTIFY_DEV_TRANSFORM_WH allows",
    ),
    (
        Refused("001003", "SQL compilation error: syntax error line 1 at position 0 unexpected 'selct'."),
        "Snowflake refused: ",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("refused", "words"), STATEMENTS, ids=[f"{case.code} {words[:20]}" for case, words in STATEMENTS]
)
def test_a_refused_statement_is_explained(person: Snowflake, refused: Refused, words: str) -> None:
    person.answer("from nothing", refused)

    message = refusal_of("select * from nothing")

    assert message.startswith(words)
    assert " ".join(refused.message.split()) in message


def test_the_error_number_decides_if_the_text_is_unknown(person: Snowflake) -> None:
    person.answer("from nothing", Refused("003001", "Nope."))

    assert refusal_of("select * from nothing").startswith("SPOTIFY_DEV_DEPLOYER may not do this")


def test_no_server_at_the_address(person: Snowflake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.port
    monkeypatch.setenv("SNOWFLAKE_PORT", "1")
    monkeypatch.setattr(connect, "LOGIN_SECONDS", 2)

    assert refusal().startswith("no answer from 127.0.0.1: check SNOWFLAKE_ACCOUNT ('myorg-myaccount', like")


def test_a_missing_or_unreadable_key_is_named(
    person: Snowflake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: Path
) -> None:
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_FILE", str(tmp_path / "none.p8"))
    assert refusal() == f"the key file {tmp_path / 'none.p8'} does not exist: SNOWFLAKE_PRIVATE_KEY_FILE names it"

    for name, passphrase in (("locked.p8", ""), ("locked.p8", "wrong secret")):
        monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_FILE", str(key.with_name(name)))
        monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_FILE_PWD", passphrase)
        message = refusal()
        assert message.startswith(f"the key {key.with_name(name)} cannot be read: it must be a private key in PEM")
        assert "wrong secret" not in message
    assert person.logins == []


def test_a_locked_key_opens_by_its_passphrase_which_is_not_shown(
    person: Snowflake, monkeypatch: pytest.MonkeyPatch, key: Path
) -> None:
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_FILE", str(key.with_name("locked.p8")))
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_FILE_PWD", PASSPHRASE)
    with Account.of(DEV) as account:
        assert account.query("select 1 as ONE") == [(1,)]

    person.login = Refused("399999", f"Something quotes {PASSPHRASE}.")
    assert (
        refusal()
        == f"Snowflake refused: 399999 (08001): Failed to connect to DB: 127.0.0.1:{person.port}. Something quotes ***."
    )


@pytest.mark.parametrize(
    ("unset", "words"),
    [
        ("SNOWFLAKE_USER", "SNOWFLAKE_USER is not set: who connects, such as SPOTIFY_DEV_DEPLOYER_SVC"),
        ("SNOWFLAKE_PRIVATE_KEY_FILE", "SNOWFLAKE_PRIVATE_KEY_FILE is not set: the key that the user's public key"),
        ("SNOWFLAKE_ACCOUNT", "no account is named: set SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and"),
    ],
)
def test_a_missing_setting_is_named(person: Snowflake, monkeypatch: pytest.MonkeyPatch, unset: str, words: str) -> None:
    monkeypatch.delenv(unset)
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    monkeypatch.setenv("SNOWFLAKE_DEFAULT_CONNECTION_NAME", "no_such_connection")

    message = refusal()

    assert message.startswith(words)
    assert "hunter2" not in message
    assert person.logins == []
