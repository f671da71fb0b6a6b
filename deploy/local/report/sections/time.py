"""Time: what was added and removed on which day, and when the songs came out."""

from collections import Counter

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Row
from deploy.local.report.library import Library
from deploy.local.report.page import Figure, Section, Table
from deploy.local.report.words import count, day, figure


def time(library: Library) -> Section:
    """Days and release years."""
    return Section("time", "Time", [*_days(library), *_released(library.years)])


def _days(library: Library) -> list[Figure]:
    """Every day on which a playlist could be read; the items of a deleted playlist count as removed."""
    days = sorted({check["checked_on"] for check in library.checks if check["is_known"]})
    if len(days) < 2:  # noqa: PLR2004  # changes show from the second day on
        return []
    came = Counter(row["entered_by_at"].date() for row in library.added)
    went = Counter(row["left_by_at"].date() for row in library.removed)
    points = [{"day": of_day.isoformat(), "Added": came[of_day], "Removed": went[of_day]} for of_day in days]
    text = Markup("{} added and {} removed from {} to {}, deleted playlists included").format(
        count(came.total(), "item"), figure(went.total()), day(days[0]), day(days[-1])
    )
    busiest = max(days, key=lambda of_day: (came[of_day] + went[of_day], of_day))
    if len(days) > 2 and came[busiest] + went[busiest]:  # noqa: PLR2004  # of two days the first has no change
        text += f". The day with the most changes was {day(busiest)}"
    text += "."
    if missed := (days[-1] - days[0]).days + 1 - len(days):
        text += f" Nothing was read on {count(missed, 'day')} in between."
    rows = [(of_day, came[of_day], went[of_day]) for of_day in reversed(days)]
    table = Table(("day", "added", "removed"), rows, "days")
    return [Figure("days", "Added and removed, day by day", text, charts.days_up_and_down(points), table)]


def _released(years: list[Row]) -> list[Figure]:
    known = [row for row in years if row["release_year"] is not None]
    if not known:
        return []
    unknown = sum(row["song_count"] for row in years if row["release_year"] is None)
    total = sum(row["song_count"] for row in known)
    text = Markup("At least half of {} came out in {} or later. The oldest is from {}.").format(
        count(total, "song"), _half(known, total), known[0]["release_year"]
    )
    if unknown:
        text += f" The year of {count(unknown, 'song')} is not known."
    points = [{"at": row["release_year"], "value": row["song_count"]} for row in known]
    rows = [
        (
            str(row["release_year"]) if row["release_year"] else None,
            row["song_count"],
            row["album_count"],
            row["duration_minutes"] / 60,
        )
        for row in reversed(years)
    ]
    table = Table(("year", "songs", "albums", "hours"), rows, "years")
    return [Figure("released", "When the songs came out", text, charts.columns(points, "year", "songs"), table)]


def _half(known: list[Row], total: int) -> int:
    """The latest year with at least half of the songs in it or after it."""
    seen = 0
    for row in reversed(known):
        seen += row["song_count"]
        if 2 * seen >= total:
            return int(row["release_year"])
    return int(known[0]["release_year"])
