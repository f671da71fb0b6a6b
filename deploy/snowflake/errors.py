"""The errors of a Snowflake account, each with a sentence that says what to do."""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    """An error: a pattern of Snowflake's message, error numbers, and a sentence that says what to do.

    The pattern is checked before the numbers, because a number can have several meanings and numbers differ between
    clients. The sentence may have the placeholders {account}, {host}, {user}, {role}, {warehouse}, {database}, {key}
    and {environment}.
    """

    words: str
    numbers: frozenset[int]
    sentence: str


def _refusal(words: str, *numbers: int, to_do: str) -> Refusal:
    return Refusal(words, frozenset(numbers), to_do)


# The first entry that matches is used.
REFUSALS = (
    # --- Connecting
    _refusal(
        r"(?:HTTP )?404(?::| ) ?Not Found|verify the account name is correct",
        290403,
        290404,
        to_do="there is no Snowflake account at {host}: SNOWFLAKE_ACCOUNT is {account!r} and should have the form "
        "ORGANISATION-ACCOUNT (in Snowsight: Account > View account details); behind a private link, its own host is "
        "for SNOWFLAKE_HOST",
    ),
    _refusal(
        r"could not connect to snowflake backend|service is unavailable|failed to establish a new connection|"
        r"name resolution|max retries exceeded|timed out",
        251011,
        to_do="no answer from {host}: check SNOWFLAKE_ACCOUNT ({account!r}, like ORGANISATION-ACCOUNT), the network "
        "and the proxy; if it worked before, see status.snowflake.com",
    ),
    _refusal(
        r"not allowed to access snowflake|network policy",
        390420,
        390422,
        to_do="a network policy of {account} does not allow this machine's address: an administrator adds it to the "
        "policy of the account or of {user}",
    ),
    # --- Signing in
    _refusal(
        r"jwt token|public key fingerprint",
        390144,
        394300,
        394301,
        394302,
        394303,
        394304,
        394305,
        394306,
        to_do="the key {key} is not registered for {user}, or there is no such user: as an administrator run "
        "`alter user {user} set rsa_public_key = '...'` (docs/snowflake.md says how to make the key); if it is "
        "registered, check this machine's clock",
    ),
    _refusal(
        r"multi-?factor|mfa|enroll?(?:ed|ment)?\b|duo security",
        394507,
        394508,
        to_do="{account} requires a second factor, which a command cannot provide: use a service user with a key "
        "(SNOWFLAKE_PRIVATE_KEY_FILE) or a workload identity",
    ),
    _refusal(
        r"password authentication|incorrect username or password|password (?:has|is) expired",
        390100,
        390106,
        to_do="{account} refused the password of {user}: service users have had none since October 2026; use a key "
        "(SNOWFLAKE_PRIVATE_KEY_FILE) or a workload identity",
    ),
    _refusal(
        r"user access disabled|temporarily locked|user is disabled",
        390101,
        390102,
        to_do="{user} is disabled or locked: an administrator checks `desc user {user}`; a lock ends by itself after "
        "15 minutes",
    ),
    _refusal(
        r"workload identity|attestation",
        251017,
        251018,
        251021,
        to_do="the workload identity was not accepted: this machine must run as the IAM role that `desc user {user}` "
        "shows",
    ),
    _refusal(
        r"session (?:no longer exists|token)|authentication token has expired|must login again",
        390104,
        390111,
        390112,
        390114,
        to_do="the session ended early: run this again, every command may be repeated",
    ),
    # --- Credits and billing
    _refusal(
        r"free trial has ended|account is suspended|lack of payment",
        666,
        to_do="{account} is suspended, its trial has ended or a payment is missing: its owner adds a payment "
        "method under Admin > "
        "Billing; nothing is lost, and the lake continues without it",
    ),
    _refusal(
        r"resource monitor .*exceeded|exceeded its quota",
        90073,
        to_do="warehouse {warehouse} is suspended because the month's credits are used up: wait for the next "
        "month, or as "
        "ACCOUNTADMIN raise `credit_quota` of {database}_CREDITS; pipes continue to load",
    ),
    # --- Objects and privileges
    _refusal(
        r"role '?.*'? (?:specified in the connect string )?(?:does not exist|is not assigned|not authorized)",
        390189,
        to_do="role {role} does not exist or {user} may not use it: run the admin file (docs/snowflake.md), or as "
        "USERADMIN `grant role {role} to user {user}`",
    ),
    _refusal(
        r"no active warehouse|warehouse '?.*'? (?:does not exist|is suspended|is missing)",
        606,
        to_do="warehouse {warehouse} does not exist, does not resume automatically, or {role} may not use it: "
        "run the admin "
        "file (docs/snowflake.md)",
    ),
    _refusal(
        r"assuming aws_role|sts:assumerole",
        3167,
        to_do="AWS does not trust this account yet: run `make snowflake-trust ENV={environment}`, then this again "
        "after a minute (IAM takes that long)",
    ),
    _refusal(
        r"sns.*(?:subscri|not authorized|access)|pipe notifications bind failure",
        to_do="the topic does not allow Snowflake to subscribe: run `make snowflake-trust ENV={environment}`, "
        "then this "
        "again",
    ),
    _refusal(
        r"is not allowed by integration",
        to_do="the storage integration does not cover the lake's bucket: run the admin file again with this "
        "environment's bucket (docs/snowflake.md)",
    ),
    _refusal(
        r"integration '?.*'? does not exist",
        to_do="an integration is missing or {role} may not use it: run the admin file (docs/snowflake.md)",
    ),
    _refusal(
        r"database '?.*'? does not exist",
        390201,
        to_do="database {database} does not exist or {role} may not see it: run the admin file (docs/snowflake.md) for "
        "environment {environment}, or name another environment",
    ),
    _refusal(
        r"insufficient privileges|not authorized to perform this",
        3001,
        to_do="{role} may not do this: run the admin file again (docs/snowflake.md); if another role "
        "owns the object, `show grants on` it names that role",
    ),
    _refusal(
        r"does not exist or not authorized|does not exist, or operation cannot be performed",
        2003,
        2043,
        to_do="this does not exist or {role} may not see it: `make snowflake ENV={environment}` creates "
        "everything that "
        "the commands use",
    ),
    _refusal(
        r"reached its (?:statement|warehouse).*timeout|statement timeout",
        630,
        604,
        to_do="it took longer than warehouse {warehouse} allows: run it again; if that does not help, raise "
        "statement_timeout_in_seconds in the admin file",
    ),
)


def sentence_for(message: str, number: int | None, names: Mapping[str, str]) -> str | None:
    """The sentence for Snowflake's message or error number, None for an unknown one; `names` fills its placeholders."""
    for refusal in REFUSALS:
        if re.search(refusal.words, message, re.IGNORECASE):
            return refusal.sentence.format_map(_Names(names))
    for refusal in REFUSALS:
        if number in refusal.numbers:
            return refusal.sentence.format_map(_Names(names))
    return None


class _Names(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"the {key}"
