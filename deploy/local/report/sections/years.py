"""Time: when the songs came out, and what came and went on which day."""

from collections import defaultdict
from datetime import date

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Bi
from deploy.local.report.page import Figure, Section, Table
from deploy.local.report.words import count, day, figure


def years(bi: Bi) -> Section:
    """Release years, and membership over days."""
    return Section("time", "Time", [_released(bi), _days(bi)])


def _released(bi: Bi) -> Figure:
    rows = bi.rows("RELEASE_YEARS", "release_year, song_count, album_count, duration_minutes", order="release_year")
    known = [row for row in rows if row["release_year"] is not None]
    unknown = sum(row["song_count"] for row in rows if row["release_year"] is None)
    title = "When the songs came out"
    if not known:
        return Figure("released", title, Markup("Of no song in a playlist the release year is known."))
    total = sum(row["song_count"] for row in known)
    fullest = max(known, key=lambda row: (row["song_count"], row["release_year"]))
    sentence = Markup("Half of {} came out in {} or later").format(count(total, "song"), _half(known, total))
    if sum(row["song_count"] == fullest["song_count"] for row in known) == 1:
        sentence += f"; most, {figure(fullest['song_count'])}, in {fullest['release_year']}"
    sentence += f"; the oldest in {known[0]['release_year']}."
    if unknown:
        sentence += f" Of {count(unknown, 'song')} the year is not known."
    points = [{"at": row["release_year"], "value": row["song_count"]} for row in known]
    table = Table(
        ("year", "songs", "albums", "minutes"),
        [
            (
                str(row["release_year"]) if row["release_year"] else None,
                row["song_count"],
                row["album_count"],
                row["duration_minutes"],
            )
            for row in reversed(rows)
        ],
    )
    return Figure("released", title, sentence, charts.columns(points, "year", "songs"), table)


def _half(known: list[dict[str, int]], total: int) -> int:
    """The latest year with at least half of the songs in it or after it."""
    seen = 0
    for row in reversed(known):
        seen += row["song_count"]
        if 2 * seen >= total:
            return row["release_year"]
    return known[0]["release_year"]


def _days(bi: Bi) -> Figure:
    """Every day on which a look told what a playlist held; gone playlists count as left."""
    looked = {
        row["checked_on"] for row in bi.rows("PLAYLIST_CHECKS", "checked_on", where="is_known", order="checked_on")
    }
    came: dict[date, int] = defaultdict(int)
    went: dict[date, int] = defaultdict(int)
    for row in bi.rows("RECENTLY_ENTERED", "entered_by_at", order="entered_by_at"):
        came[row["entered_by_at"].date()] += 1
    for row in bi.rows("RECENTLY_LEFT", "left_by_at", order="left_by_at"):
        went[row["left_by_at"].date()] += 1
    days = sorted(looked)
    title = "What came and went, day by day"
    if not days:
        return Figure("days", title, Markup("No look has told yet what a playlist holds."))
    if len(days) == 1:
        text = Markup("{} is the only day seen so far: coming and going shows from the second one on.").format(
            day(days[0])
        )
        return Figure("days", title, text)
    points = [{"day": of_day.isoformat(), "entered": came[of_day], "left": went[of_day]} for of_day in days]
    busiest = max(days, key=lambda of_day: (came[of_day] + went[of_day], of_day))
    missed = (days[-1] - days[0]).days + 1 - len(days)
    sentence = Markup("Over {}, {} to {}, {} entered and {} left, gone playlists included").format(
        count(len(days), "day"),
        day(days[0]),
        day(days[-1]),
        count(sum(came.values()), "item"),
        count(sum(went.values()), "item"),
    )
    if len(days) > 2 and (came[busiest] or went[busiest]):  # noqa: PLR2004 - of two days the first has no change
        sentence += f"; most on {day(busiest)}, {count(came[busiest] + went[busiest], 'item')}"
    sentence += "."
    if missed:
        sentence += f" On {count(missed, 'day')} in between nothing was seen."
    table = Table.of(
        ("day", "entered", "left"),
        [(of_day, came[of_day], went[of_day]) for of_day in reversed(days)],
        "BI.RECENTLY_ENTERED and BI.RECENTLY_LEFT",
    )
    return Figure("days", title, sentence, charts.days_up_and_down(points), table)
