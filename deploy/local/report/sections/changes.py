"""What changed since last time: the newest day with a look, against what was known before it."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Bi, Row
from deploy.local.report.page import Figure, Section, Table
from deploy.local.report.words import count, day, first_names, labels, listed, name

_LOOKS = (
    "playlist_id, playlist_name, look_number, checked_on, status, failure_class, item_count, is_complete, missing_count"
)
_ITEM = "playlist_id, playlist_name, item_uri, item_kind, item_name, artist_names, stay_number, state"
_BY_PLAYLIST = "playlist_name, playlist_id, item_name, item_uri, stay_number"
_MOST_BARS = 20


def changes(bi: Bi, newest: date) -> Section:
    """Looks of that day, what entered and left by them, and what could not be seen."""
    looks = latest(
        bi.rows("PLAYLIST_CHECKS", _LOOKS, newest, where="checked_on = %s", order="playlist_id, look_number")
    )
    entered = bi.rows("RECENTLY_ENTERED", _ITEM, newest, where="entered_by_at >= %s", order=_BY_PLAYLIST)
    ended = bi.rows("RECENTLY_LEFT", _ITEM, newest, where="left_by_at >= %s", order=_BY_PLAYLIST)
    left = [stay for stay in ended if stay["state"] != "playlist gone"]
    went = [stay for stay in ended if stay["state"] == "playlist gone"]
    figures = [_come_and_go(entered, left), _items("entered", "Entered", entered), _items("left", "Left", left)]
    figures += _renamed(bi, newest) + _gone(looks, went) + _incomplete(looks) + _unseen(bi, looks, newest)
    return Section("changes", "What changed", figures, _lead(looks, newest))


def latest(looks: Sequence[Row]) -> list[Row]:
    """The last look at each playlist, of looks in their order."""
    return list({look["playlist_id"]: look for look in looks}.values())


def _lead(looks: Sequence[Row], newest: date) -> Markup:
    statuses = Counter(look["status"] for look in looks)
    words = {
        "read": "read anew",
        "unchanged": "the same as before",
        "failed": "could not be read",
        "gone": "gone",
    }
    parts = [f"{statuses[status]} {word}" for status, word in words.items() if statuses[status]]
    first = sum(look["look_number"] == 1 for look in looks)
    text = Markup("On {}, the newest day with a look, {} looked at: {}.").format(
        day(newest), count(len(looks), "playlist was", "playlists were"), listed(parts)
    )
    if first:
        text += (
            " It was the first look at all of them: what they hold now is what later looks are compared with."
            if first == len(looks)
            else f" For {count(first, 'playlist')} it was the first look, which has nothing to compare with."
        )
    return text


def _come_and_go(entered: Sequence[Row], left: Sequence[Row]) -> Figure:
    came, went = _per_playlist(entered), _per_playlist(left)
    names = {stay["playlist_id"]: stay["playlist_name"] for stay in (*entered, *left)}
    keys = sorted(names, key=lambda key: (-came[key] - went[key], str(names[key]), key))
    label = labels((key, names[key]) for key in keys)
    points = [{"label": label[key], "entered": came[key], "left": went[key]} for key in keys]
    cut = f" Drawn are the {_MOST_BARS} that changed most." if len(keys) > _MOST_BARS else ""
    return Figure(
        "come-and-go",
        "Entered and left, by playlist",
        _sentence(names, came, went) + cut,
        charts.come_and_go(points[:_MOST_BARS], "playlist") if points else None,
        Table.of(
            ("playlist", "entered", "left"),
            [(names[key], came[key], went[key]) for key in keys],
            "BI.RECENTLY_ENTERED and BI.RECENTLY_LEFT",
        ),
        is_wide=True,
    )


def _sentence(names: dict[str, str], came: Counter[str], went: Counter[str]) -> Markup:
    if not names:
        return Markup("Nothing entered and nothing left.")
    text = Markup("{} entered and {} left, in {}").format(
        count(came.total(), "item"), count(went.total(), "item"), count(len(names), "playlist")
    )
    busiest, *others = sorted(names, key=lambda key: -came[key] - went[key])
    if others and came[busiest] + went[busiest] > came[others[0]] + went[others[0]]:
        text += Markup("; most in {}, with {} entered and {} left").format(
            name(names[busiest]), came[busiest] or "none", went[busiest] or "none"
        )
    return text + "."


def _per_playlist(stays: Sequence[Row]) -> Counter[str]:
    return Counter(stay["playlist_id"] for stay in stays)


def _items(key: str, title: str, stays: Sequence[Row]) -> Figure:
    rows = [(stay["item_name"], stay["artist_names"], stay["playlist_name"]) for stay in stays]
    sentence = Markup("Nothing {}.").format(key)
    if stays:
        kinds = Counter(stay["item_kind"] for stay in stays)
        words = [count(number, _KINDS.get(kind, "other item")) for kind, number in kinds.most_common()]
        again = sum(stay["stay_number"] > 1 for stay in stays)
        sentence = Markup("{} {}").format(listed(words), key)
        if key == "entered" and again:
            sentence += f", {again} of them for the second time or more"
        named = list(dict.fromkeys(stay["item_name"] for stay in stays if stay["item_name"]))[:2]
        sentence += Markup(", such as {}.").format(listed([name(each) for each in named])) if named else "."
    table = Table.of(("title", "artists", "playlist"), rows, f"BI.RECENTLY_{key.upper()}")
    return Figure(key, title, sentence, None, table, is_open=True)


_KINDS = {"song": "song", "episode": "episode", "local": "local file"}


def _renamed(bi: Bi, newest: date) -> list[Figure]:
    renamed = bi.rows(
        "PLAYLIST_NAMES",
        "playlist_name, previous_name",
        newest,
        where="first_looked_at >= %s and previous_name is not null",
        order="playlist_id, name_number",
    )
    if not renamed:
        return []
    shown = [
        Markup("{} is now {}").format(name(row["previous_name"]), name(row["playlist_name"])) for row in renamed[:2]
    ]
    more = len(renamed) - len(shown)
    sentence = listed([*shown, f"{more} more have another name"] if more else shown) + "."
    rows = [(row["previous_name"], row["playlist_name"]) for row in renamed]
    return [Figure("renamed", "Renamed", sentence, None, Table(("before", "now"), rows), is_open=True)]


def _gone(looks: Sequence[Row], went: Sequence[Row]) -> list[Figure]:
    gone = [look for look in looks if look["status"] == "gone"]
    if not gone:
        return []
    held = _per_playlist(went)
    names = first_names([look["playlist_name"] for look in gone])
    sentence = Markup("{} {} gone, and with {} {}.").format(
        names, "is" if len(gone) == 1 else "are", "it" if len(gone) == 1 else "them", count(len(went), "item")
    )
    rows = [(look["playlist_name"], held[look["playlist_id"]], _reason(look)) for look in gone]
    return [Figure("gone", "Gone", sentence, None, Table(("playlist", "items it held", "reason"), rows), is_open=True)]


def _incomplete(looks: Sequence[Row]) -> list[Figure]:
    """Playlists that were read without some of their items."""
    reads = [look for look in looks if look["is_complete"] is False]
    if not reads:
        return []
    sentence = Markup(
        "{} {} read incompletely: what Spotify left out stays as it was last seen, and nothing counts as having left."
    ).format(first_names([look["playlist_name"] for look in reads]), "was" if len(reads) == 1 else "were")
    rows = [(look["playlist_name"], look["item_count"], look["missing_count"]) for look in reads]
    table = Table(("playlist", "items in all", "items left out"), rows)
    return [Figure("incomplete", "Read incompletely", sentence, None, table, is_open=True)]


def _unseen(bi: Bi, looks: Sequence[Row], newest: date) -> list[Figure]:
    """Playlists whose last look told nothing, and those that were not looked at that day."""
    failed = [look for look in looks if look["status"] == "failed"]
    earlier = bi.rows(
        "PLAYLIST_CHECKS",
        _LOOKS,
        newest,
        where="is_newest and checked_on < %s and status <> 'gone'",
        order="playlist_id",
    )
    if not failed and not earlier:
        return []
    known = bi.rows(
        "PLAYLIST_CHECKS", "playlist_id, checked_on, status", where="is_known", order="playlist_id, look_number"
    )
    last_known = {
        look["playlist_id"]: f"gone by {look['checked_on']}" if look["status"] == "gone" else look["checked_on"]
        for look in known
    }
    parts = []
    if failed:
        parts.append(Markup("{} could not be read").format(first_names([look["playlist_name"] for look in failed])))
    if earlier:
        parts.append(
            Markup("{} {} not looked at").format(
                first_names([look["playlist_name"] for look in earlier]), "was" if len(earlier) == 1 else "were"
            )
        )
    never = sum(look["playlist_id"] not in last_known for look in (*failed, *earlier))
    sentence = listed(parts) + "."
    if never:
        those = f"{never} of them" if never < len(failed) + len(earlier) else "They" if never > 1 else "It"
        which, what = ("was", "it holds") if never == 1 else ("were", "they hold")
        sentence += f" {those} {which} never seen: what {what} is not known."
    if seen := len(failed) + len(earlier) - never:
        others = ("the others" if seen > 1 else "the other") if never else ("them" if seen > 1 else "it")
        sentence += (
            f" What this page says of {others} is as of the day {'it was' if seen == 1 else 'they were'} last seen."
        )
    rows = [
        (
            look["playlist_name"],
            _reason(look) if look["status"] == "failed" else "not looked at",
            last_known.get(look["playlist_id"], "never"),
        )
        for look in (*failed, *earlier)
    ]
    return [
        Figure("unseen", "Not seen", sentence, None, Table(("playlist", "why", "last seen on"), rows), is_open=True)
    ]


def _reason(look: Row) -> str:
    return str(look["failure_class"] or look["status"]).replace("_", " ")
