"""The state of the dynamic tables of schema CORE in an account."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.snowflake.connect import Account
from deploy.snowflake.landing import DYNAMIC_SUFFIX

_ACTIVE = {"ACTIVE", "RUNNING"}


@dataclass(frozen=True)
class DynamicTable:
    """A dynamic table as Snowflake shows it; `table` is the current view that reads it, in lower case."""

    table: str
    state: str
    refresh_mode: str
    target_lag: str
    refreshed_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether Snowflake refreshes it."""
        return self.state in _ACTIVE

    def may_lag(self, at: datetime) -> bool:
        """Whether it may lack landed rows at this time: it is active, and its last refresh is within its target lag."""
        return self.is_active and self.refreshed_at is not None and at - self.refreshed_at <= lag(self.target_lag)


def dynamic_tables(account: Account) -> list[DynamicTable]:
    """Every dynamic table of CORE; there are none without `--target-lag`. Raises AccountError."""
    shown = account.rows(f"show dynamic tables in schema {account.environment.database}.CORE")
    return [
        DynamicTable(
            str(row["name"]).removesuffix(DYNAMIC_SUFFIX).lower(),
            str(row.get("scheduling_state") or ""),
            str(row.get("refresh_mode") or ""),
            str(row.get("target_lag") or ""),
            _utc(row.get("data_timestamp")),
        )
        for row in shown
        if str(row.get("name", "")).endswith(DYNAMIC_SUFFIX)
    ]


def lag(text: str) -> timedelta:
    """The duration of a target lag such as `1 hour`; zero for DOWNSTREAM."""
    match = re.fullmatch(r"(\d+) (second|minute|hour|day)s?", text.strip().lower())
    return timedelta(**{f"{match[2]}s": int(match[1])}) if match else timedelta()


def _utc(value: object) -> datetime | None:
    if not value:
        return None
    at = datetime.fromisoformat(str(value).replace(" Z", "Z"))
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
