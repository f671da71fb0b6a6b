"""Vega-Lite specifications. Data and sizes only: what a chart says stands in the section that shows it.

Colours are variables of the page's style, so that one drawing serves light, dark and print. Widths are set by the page.
"""

from collections.abc import Sequence
from typing import Any

from deploy.local.report.page import Spec

Points = Sequence[dict[str, Any]]

ROW = 24  # pixels of a bar and the gap to the next
CURVE_POINTS = 25
_LEAST_PLACES = 9
_DAY = "utcFormat(toDate(datum.value), '%-d %b')"  # of ISO text

_TEXT = "var(--text)"
_MUTED = "var(--muted)"
_LINE = "var(--line)"
BLUE, ORANGE, GREY = "var(--blue)", "var(--orange)", "var(--grey)"

_CONFIG: Spec = {
    "background": None,
    "view": {"stroke": None},
    "axis": {
        "labelColor": _MUTED,
        "labelFontSize": 12,
        "titleColor": _MUTED,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": _LINE,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    },
    "axisX": {},
    "axisY": {},
    "legend": {
        "labelColor": _TEXT,
        "labelFontSize": 12,
        "title": None,
        "orient": "top",
        "direction": "horizontal",
        "symbolType": "square",
    },
    "text": {"color": _TEXT, "fontSize": 12},
}


def _chart(points: Points, height: int, **rest: object) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": list(points)},
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": _CONFIG,
    } | rest


def _rows(labels: Sequence[str], *, axis: Spec | None = None) -> Spec:
    """One line of the chart for each label, in this order."""
    return {
        "field": "label",
        "type": "nominal",
        "sort": list(labels),
        "scale": {"domain": list(labels)},
        "axis": {"title": None, "grid": False, "labelColor": _TEXT, **(axis or {})},
    }


def bars(points: Points, what: str, tooltip: Sequence[tuple[str, str]]) -> Spec:
    """Horizontal bars in the order of the points: `label`, `value`, `text` at the end of the bar.

    `tooltip` has what else the points hold, each with its title.
    """
    # Room for the text at the end of the bar, on a phone too.
    most = max((point["value"] * (1.04 + 0.05 * len(point["text"])) for point in points), default=0) or 1
    rows = _rows([point["label"] for point in points])
    x = {"field": "value", "type": "quantitative", "scale": {"domain": [0, most], "nice": False}, "axis": None}
    tips = [{"field": key, "title": title} for key, title in (("label", what), *tooltip)]
    return _chart(
        points,
        len(points) * ROW,
        encoding={"y": rows, "x": x, "tooltip": tips},
        layer=[
            {"mark": {"type": "bar", "color": BLUE, "height": {"band": 0.68}, "cornerRadiusEnd": 3}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "color": _MUTED, "clip": False},
                "encoding": {"text": {"field": "text"}},
            },
        ],
    )


def come_and_go(
    points: Points, what: str, number: str = "items", *, ways: tuple[str, str] = ("entered", "left")
) -> Spec:
    """For each label what entered to the right and what left to the left, or what else the ways are.

    Points have `label` and a number for each way.
    """
    right, left = ways
    long = [
        {"label": point["label"], "way": way, "value": sign * point[way], "number": point[way]}
        for point in points
        for way, sign in ((left, -1), (right, 1))
        if point[way]
    ]
    rows = _rows([point["label"] for point in points])
    least = min((each["value"] for each in long), default=0)
    most = max((each["value"] for each in long), default=0)
    room = (max(most, 0) - min(least, 0)) * 0.14  # for the numbers at the ends
    least, most = min(least - room, 0) if least < 0 else 0, max(most + room, 0) if most > 0 else 0
    x = {"field": "value", "type": "quantitative", "scale": {"domain": [least, most], "nice": False}, "axis": None}
    tips = [{"field": "label", "title": what}, {"field": "number", "title": number}, {"field": "way", "title": " "}]
    return _chart(
        long,
        len(points) * ROW + 30,
        encoding={"y": rows, "x": x, "tooltip": tips},
        layer=[
            {
                "mark": {"type": "bar", "height": {"band": 0.68}, "cornerRadiusEnd": 3},
                "encoding": {"color": _two_ways(right, left)},
            },
            {
                "transform": [{"filter": "datum.value > 0"}],
                "mark": {"type": "text", "align": "left", "dx": 5, "color": _MUTED},
                "encoding": {"text": {"field": "number"}},
            },
            {
                "transform": [{"filter": "datum.value < 0"}],
                "mark": {"type": "text", "align": "right", "dx": -5, "color": _MUTED},
                "encoding": {"text": {"field": "number"}},
            },
            {"mark": {"type": "rule", "color": _MUTED}, "encoding": {"x": {"datum": 0}, "y": None, "tooltip": None}},
        ],
    )


def _two_ways(right: str, left: str) -> Spec:
    scale = {"domain": [left, right], "range": [ORANGE, BLUE]}
    return {"field": "way", "type": "nominal", "scale": scale, "legend": {}}


def days_up_and_down(points: Points) -> Spec:
    """Per day what entered above the line and what left below it: `day` as ISO text, `entered`, `left`.

    Days lie where they are in time, so that days without a look show as gaps.
    """
    long = [
        {"day": point["day"], "way": way, "value": sign * point[way], "number": point[way]}
        for point in points
        for way, sign in (("left", -1), ("entered", 1))
    ]
    few_days = len(points) <= 10  # noqa: PLR2004 - then every day has room for its name
    by_day: Spec = (
        {
            "type": "ordinal",
            "axis": {"title": None, "labelAngle": 0, "labelExpr": _DAY, "grid": False, "labelOverlap": True},
        }
        if few_days
        else {
            "type": "temporal",
            "timeUnit": "utcyearmonthdate",
            "axis": {"title": None, "format": "%-d %b", "grid": False},
        }
    )
    tips = [{"field": "day", "title": "day"}, {"field": "number", "title": "items"}, {"field": "way", "title": " "}]
    return _chart(
        long,
        240,
        encoding={
            "x": {"field": "day", **by_day},
            "y": {
                "field": "value",
                "type": "quantitative",
                "axis": {"title": "items", "tickMinStep": 1, "labelExpr": "format(abs(datum.value), ',')"},
            },
        },
        layer=[
            {
                "mark": {"type": "bar", **({"width": {"band": 0.5}} if few_days else {})},
                "encoding": {"color": _two_ways("entered", "left"), "tooltip": tips},
            },
            {"mark": {"type": "rule", "color": _MUTED}, "encoding": {"x": None, "y": {"datum": 0}}},
        ],
    )


# What a look at a playlist showed, in the order of the legend.
SEEN: dict[str, str] = {
    "changed": BLUE,
    "as before": "var(--blue-pale)",
    "first look": GREY,
    "gone": ORANGE,
    "not seen": "var(--orange-pale)",
}


def seen(points: Points, labels: Sequence[str], days: Sequence[str]) -> Spec:
    """Playlists by days: `label`, `day` as ISO text, `state` as in SEEN, `text` with the numbers. No look, no field."""
    states = [state for state in SEEN if any(point["state"] == state for point in points)]
    has_room = len(days) <= 4  # noqa: PLR2004 - then numbers fit, even on a phone
    colours = {"domain": states, "range": [SEEN[state] for state in states]}
    fields: Spec = {
        "mark": {"type": "rect", "stroke": "var(--card)", "strokeWidth": 2, "cornerRadius": 3},
        "encoding": {"color": {"field": "state", "type": "nominal", "scale": colours, "legend": {}}},
    }
    numbers: Spec = {
        "transform": [{"filter": "datum.text != ''"}],
        "mark": {"type": "text", "fontSize": 11, "color": "var(--on-blue)"},
        "encoding": {"text": {"field": "text"}},
    }
    day_axis = {"title": None, "orient": "top", "labelAngle": 0, "labelExpr": _DAY, "labelOverlap": True, "grid": False}
    tips = [("label", "playlist"), ("day", "day"), ("state", "look"), ("text", "change")]
    return _chart(
        points,
        len(labels) * ROW,
        encoding={
            "y": _rows(labels),
            "x": {"field": "day", "type": "ordinal", "scale": {"domain": list(days)}, "axis": day_axis},
            "tooltip": [{"field": key, "title": title} for key, title in tips],
        },
        layer=[fields, numbers] if has_room else [fields],
    )


def columns(points: Points, field_title: str, what: str, *, height: int = 220) -> Spec:
    """Vertical bars over numbers that are places in an order, such as years: `at` and `value`."""
    places = [point["at"] for point in points]
    # A bar stays a bar where there are few.
    low = max(0, min(*places, max(places) - _LEAST_PLACES))
    high = max(*places, low + _LEAST_PLACES)
    tips = [{"field": "at", "title": field_title, "format": "d"}, {"field": "value", "title": what}]
    return _chart(
        [point | {"until": point["at"] + 1} for point in points],
        height,
        mark={"type": "bar", "color": BLUE, "binSpacing": 1},
        encoding={
            "x": {
                "field": "at",
                "type": "quantitative",
                "bin": "binned",
                "scale": {"domain": [low, high + 1], "nice": False},
                "axis": {"title": None, "format": "d", "grid": False, "tickMinStep": 1},
            },
            "x2": {"field": "until"},
            "y": {
                "field": "value",
                "type": "quantitative",
                "axis": {"title": what, "tickCount": min(6, max(point["value"] for point in points)), "format": ",d"},
            },
            "tooltip": tips,
        },
    )


def steps(points: Points, field_title: str, what: str) -> Spec:
    """Vertical bars over few names in this order: `label`, `value`, with the number above."""
    most = max(point["value"] for point in points)
    labels = [point["label"] for point in points]
    x = {
        "field": "label",
        "type": "nominal",
        "sort": labels,
        "scale": {"domain": labels, "paddingInner": 0.35, "paddingOuter": 0.2},
        "axis": {"title": field_title, "labelAngle": 0, "grid": False, "labelColor": _TEXT},
    }
    y = {"field": "value", "type": "quantitative", "scale": {"domain": [0, most * 1.12], "nice": False}, "axis": None}
    tips = [{"field": "label", "title": field_title}, {"field": "value", "title": what}]
    return _chart(
        points,
        220,
        encoding={"x": x, "y": y, "tooltip": tips},
        layer=[
            {"mark": {"type": "bar", "color": BLUE, "cornerRadiusEnd": 3}},
            {
                "mark": {"type": "text", "dy": -9, "color": _MUTED},
                "encoding": {"text": {"field": "value", "format": ","}},
            },
        ],
    )


def arcs(labels: Sequence[str], pairs: Sequence[tuple[int, int, int]]) -> Spec:
    """Names one below the other, an arc for each pair: places of both in `labels`, and how strong it is."""
    far = max(abs(one - other) for one, other, _ in pairs)
    points = [
        {"pair": number, "x": x, "y": y, "songs": songs, "one": labels[one], "other": labels[other]}
        for number, (one, other, songs) in enumerate(pairs)
        for x, y in _half_round(one, other, far)
    ]
    nodes = [{"label": label} for label in labels]
    across = {"field": "x", "type": "quantitative", "scale": {"domain": [0, 1.04], "nice": False}, "axis": None}
    down = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [len(labels) - 0.5, -0.5], "nice": False, "zero": False},
        "axis": None,
    }
    tips = [("one", "artist"), ("other", "with"), ("songs", "songs together")]
    width = {
        "field": "songs",
        "type": "quantitative",
        "scale": {"domain": [1, max(2, *(songs for _, _, songs in pairs))], "range": [1.2, 7]},
        "legend": None,
    }
    return _chart(
        [],
        len(labels) * ROW,
        resolve={"scale": {"y": "independent"}},
        layer=[
            {
                "data": {"values": nodes},
                "mark": {"type": "point", "filled": True, "size": 46, "color": BLUE, "opacity": 1},
                "encoding": {"y": _rows(labels), "x": {"datum": 0, "type": "quantitative", "axis": None}},
            },
            {
                "data": {"values": points},
                "mark": {"type": "line", "color": BLUE, "opacity": 0.55, "strokeCap": "round"},
                "encoding": {
                    "x": across,
                    "y": down,
                    "detail": {"field": "pair", "type": "nominal"},
                    "order": {"field": "y", "type": "quantitative"},
                    "size": width,
                    "tooltip": [{"field": key, "title": title} for key, title in tips],
                },
            },
        ],
    )


def _half_round(one: int, other: int, far: int) -> list[tuple[float, float]]:
    """Points from one place to the other, the further apart the further out."""
    low, high = sorted((one, other))
    out = ((high - low) / far) ** 0.75
    places = [step / (CURVE_POINTS - 1) for step in range(CURVE_POINTS)]
    return [(round(out * (1 - (2 * at - 1) ** 2) ** 0.5, 4), round(low + (high - low) * at, 4)) for at in places]
