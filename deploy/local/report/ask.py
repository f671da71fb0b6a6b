"""Rows of the BI views; other schemas cannot be queried here."""

# ruff: noqa: S608  # only this package's own names are put into SQL text; values are bound

from decimal import Decimal
from typing import Any

from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.landing import DATABASE

Row = dict[str, Any]


class Bi:
    """The views of schema BI of one warehouse."""

    def __init__(self, warehouse: EmbeddedSnowflake) -> None:
        self._warehouse = warehouse

    def rows(self, view: str, columns: str, *values: object, where: str = "", order: str = "") -> list[Row]:
        """The view's rows by column name; `%s` in `where` is a placeholder, `order` makes the order total."""
        sql = f"select {columns} from {DATABASE}.BI.{view}"
        sql += f" where {where}" if where else ""
        sql += f" order by {order}" if order else ""
        names = [name.strip() for name in columns.split(",")]
        return [
            dict(zip(names, (_plain(value) for value in row), strict=True))
            for row in self._warehouse.query(sql, *values)
        ]

    def only_row(self, view: str, columns: str) -> Row:
        """The row of a view that always has exactly one row."""
        [row] = self.rows(view, columns)
        return row


def _plain(value: object) -> object:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == int(value) else float(value)
