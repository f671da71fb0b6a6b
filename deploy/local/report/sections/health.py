"""Data health: when each playlist was checked, what couldn't be read and why, and what Spotify withholds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from markupsafe import Markup

from deploy.local.report.ask import Row
from deploy.local.report.library import Library, entry_count, latest
from deploy.local.report.page import Figure, Link, Section, Table
from deploy.local.report.words import MINUS, count, day, listed, minute, name
from extract_lambda.failures import Kind

_MOST_DAYS = 31
_MOST_ROWS = 40
# State of a cell, its sign, and what the legend says.
_SIGNS = {
    "changed": ("●", "changed"),
    "same": ("·", "same as before"),
    "first": ("○", "first check"),
    "deleted": ("✕", "deleted"),
    "failed": ("!", "couldn't be read"),
}
REASONS: Mapping[Kind, str] = {
    "app_refused": "Spotify refuses the app access to your own data",
    "account_not_found": "Spotify does not find the data of your account",
    "own_not_found": "Spotify does not return the contents of this playlist, which is yours",
    "not_owner": "it belongs to another person; Spotify shows apps only playlists that you own or collaborate on",
    "editorial": "it is Spotify's own playlist, and these are closed to new apps",
    "removed": "it was deleted, or it is private",
    "invalid_id": "Spotify knows no playlist with this id",
    "not_allow_listed": "you are not in the app's user list in Spotify's Developer Dashboard",
    "premium_lapsed": "the app's owner has no Spotify Premium",
    "wrong_scope": "the login does not allow this",
    "rate": "Spotify asked the run to slow down",
    "quota": "the app's daily quota was used up",
    "budget": "the run's own budget of calls was used up",
    "server": "Spotify had a server error, or could not be reached",
    "malformed": "Spotify's answer was malformed",
    "redirect": "the answer was a redirect, and redirects are not followed",
    "auth": "Spotify did not accept the login",
}


def health(library: Library) -> Section:
    """Operational facts, for the person who runs the suite."""
    newest = library.newest_checks
    failed = [check for check in newest if check["status"] == "failed" and not _is_deleted(library, check)]
    text = Markup("{} checked; the last check was on {}. ").format(
        count(len(newest), "playlist is", "playlists are"), minute(library.checked_at) if library.checked_at else ""
    )
    text += f"{count(len(failed), 'playlist')} couldn't be read." if failed else "Every playlist could be read."
    if library.songs and all(song["popularity"] is None for song in library.songs.values()):
        text += " Spotify does not show the popularity of songs to apps in development mode."
    figures = [_calendar(library), *_unread(library, failed), *_incomplete(newest), _entries(library)]
    return Section("health", "Data health", figures, text)


def _is_deleted(library: Library, check: Row) -> bool:
    return any(
        playlist["state"] == "deleted"
        for playlist in library.playlists
        if playlist["playlist_id"] == check["playlist_id"]
    )


def _calendar(library: Library) -> Figure:
    """A row per playlist and a column per day; a sign shows the result of the day's last check."""
    days = sorted({check["checked_on"] for check in library.checks})
    states = _states(library, days)
    shown = days[-_MOST_DAYS:]
    rows = [
        (playlist["playlist_name"], [_cell(states.get((playlist["playlist_id"], of_day)), of_day) for of_day in shown])
        for playlist in library.playlists[:_MOST_ROWS]
    ]
    legend = Markup(" ").join(
        Markup('<span><i class="sign {}" aria-hidden="true">{}</i> {}</span>').format(state, sign, words)
        for state, (sign, words) in _SIGNS.items()
        if any(day_state == state for day_state, _ in states.values())
    )
    head = Markup("").join(
        Markup('<th scope="col"><span class="hidden">{}</span><span aria-hidden="true">{}</span></th>').format(
            day(of_day), of_day.day
        )
        for of_day in shown
    )
    body = Markup("").join(
        Markup('<tr><th scope="row"><bdi>{}</bdi></th>{}</tr>').format(name(title), Markup("").join(cells))
        for title, cells in rows
    )
    html = Markup(
        '<p class="legend">{}</p><div class="rows" tabindex="0" role="region" aria-label="Checks by day">'
        '<table class="calendar"><thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(legend, " to ".join(dict.fromkeys(f"{of_day:%b %Y}" for of_day in (shown[0], shown[-1]))), head, body)
    table = Table(
        ("playlist", "day", "check", "added", "removed"),
        [
            (playlist["playlist_name"], of_day, _SIGNS[state][1], *change)
            for playlist in library.playlists
            for of_day in reversed(days)
            if (day_state := states.get((playlist["playlist_id"], of_day)))
            for state, change in [day_state]
        ],
        "checks",
    )
    text = Markup("Playlists were checked on {}, from {} to {}.").format(
        count(len(days), "day"), day(days[0]), day(days[-1])
    )
    return Figure("checks", "Checks, day by day", text, None, table, html=html, is_wide=True)


def _states(library: Library, days: Sequence[date]) -> dict[tuple[str, date], tuple[str, tuple[int, int]]]:
    """The result of the day's last check by playlist and day, with the counts of added and removed items."""
    by_day = {(row["playlist_id"], row["checked_on"]): row for row in library.daily}
    checks: dict[date, list[Row]] = defaultdict(list)
    for check in library.checks:
        checks[check["checked_on"]].append(check)
    states: dict[tuple[str, date], tuple[str, tuple[int, int]]] = {}
    known: dict[str, str] = {}  # status of the newest check that showed the playlist's contents
    for of_day in days:
        for check in latest(checks[of_day]):
            key = (check["playlist_id"], of_day)
            row = by_day.get(key)
            change = (row["entered_count"], row["left_count"]) if row else (0, 0)
            states[key] = _state(check, row, known.get(check["playlist_id"])), change
        known |= {check["playlist_id"]: check["status"] for check in checks[of_day] if check["is_known"]}
    return states


def _state(check: Row, row: Row | None, before: str | None) -> str:
    if row is None:
        return "deleted" if "gone" in {check["status"], before} else "failed"
    if row["entered_count"] or row["left_count"]:
        return "changed"
    return "same" if before else "first"


def _cell(shown: tuple[str, tuple[int, int]] | None, of_day: date) -> Markup:
    if shown is None:
        return Markup('<td><span class="hidden">not checked</span></td>')
    state, (added, removed) = shown
    sign, words = _SIGNS[state]
    change = f", +{added} {MINUS}{removed}" if state == "changed" else ""
    return Markup(
        '<td class="sign {}" title="{}: {}{}"><span class="hidden">{}{}</span><span aria-hidden="true">{}</span></td>'
    ).format(state, day(of_day), words, change, words, change, sign)


def _unread(library: Library, failed: Sequence[Row]) -> list[Figure]:
    """Playlists whose newest check failed, and those that the newest day did not check."""
    missed = [
        check
        for check in library.newest_checks
        if check["checked_on"] < library.newest and check["status"] not in {"gone", "failed"}
    ]
    if not failed and not missed:
        return []
    read = {row["playlist_id"]: row["checked_on"] for row in library.daily}
    rows = [
        (
            check["playlist_name"],
            _reason(check) if check["status"] == "failed" else "not checked on the newest day",
            read.get(check["playlist_id"], "never"),
        )
        for check in (*failed, *missed)
    ]
    text = Markup("{}. This page shows {} contents as of the last read.").format(
        count(len(rows), "playlist"), "its" if len(rows) == 1 else "their"
    )
    table = Table(("playlist", "why", "last read"), rows, "playlists", is_open=True)
    return [Figure("unread", "Couldn't be read", text, None, table)]


def _incomplete(newest: Sequence[Row]) -> list[Figure]:
    """Playlists that were read without some of their items."""
    reads = [check for check in newest if check["is_complete"] is False]
    if not reads:
        return []
    text = Markup(
        "{} {} read incompletely. Items that Spotify left out are shown as they were last seen; none counts as removed."
    ).format(
        listed([name(check["playlist_name"]) for check in reads]),
        "was" if len(reads) == 1 else "were",
    )
    rows = [(check["playlist_name"], check["item_count"], check["missing_count"]) for check in reads]
    table = Table(("playlist", "items in all", "items left out"), rows, "playlists", is_open=True)
    return [Figure("incomplete", "Read incompletely", text, None, table)]


def _reason(check: Row) -> str:
    reason = str(check["failure_class"] or check["status"])
    return next((text for kind, text in REASONS.items() if kind == reason), reason.replace("_", " "))


def _entries(library: Library) -> Figure:
    """The entries of each playlist by kind; the last column is the sum of the others."""
    rows = []
    for playlist in library.held_playlists:
        now = playlist["now"]
        rows.append(
            (
                Link(playlist["playlist_name"], playlist["url"]),
                now["distinct_song_count"],
                now["song_count"] - now["distinct_song_count"],
                now["episode_count"],
                now["local_count"],
                now["empty_count"] + now["unavailable_count"] + now["rejected_count"],
                entry_count(now),
            )
        )
    total = sum(entry_count(playlist["now"]) for playlist in library.held_playlists)
    text = Markup("{}: songs, repeats of a song, episodes, local files, and entries that couldn't be read.").format(
        count(total, "entry", "entries")
    )
    columns = ("playlist", "songs", "repeats", "episodes", "local files", "couldn't be read", "entries")
    return Figure(
        "entries", "What the entries are", text, None, Table(columns, rows, "playlists", is_open=True), is_wide=True
    )
