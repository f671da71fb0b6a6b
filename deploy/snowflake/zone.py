"""The time zone of the listening views: the setting LISTENING_ZONE, such as Europe/Oslo. The default is UTC.

The setting applies to a Snowflake account (`make snowflake`) and to the embedded Snowflake. A deployment without it
resets the views to UTC.
"""

import zoneinfo
from collections.abc import Mapping

from deploy.commands import CommandError

NAME = "LISTENING_ZONE"
_WRONG = f"{NAME} is no time zone: write one such as Europe/Oslo (with capitals), or leave it out for UTC"


def listening_zone(environ: Mapping[str, str]) -> str:
    """The zone's name in the IANA time zone database. Raises CommandError for any other text."""
    zone = environ.get(NAME, "").strip() or "UTC"
    if zone != "UTC" and "/" not in zone:  # such as localtime, which no other machine knows
        raise CommandError(_WRONG)
    try:
        zoneinfo.ZoneInfo(zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:  # a path, a folder, no such zone
        raise CommandError(_WRONG) from error
    return zone
