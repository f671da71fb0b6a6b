"""Vega-Lite specifications of the charts; the sections explain what a chart means.

Colours are variables of the page's style, so that one drawing serves light, dark and print. Widths are set by the page.
A bar that is far longer than all others is cut, with a sign at its end, so that the others can be compared.
"""

from collections.abc import Sequence
from typing import Any, Literal

from deploy.local.report.page import CUT, Spec
from deploy.local.report.words import MINUS

Points = Sequence[dict[str, Any]]

ROW = 24  # pixels of a bar and the gap to the next
CURVE_POINTS = 25
_LEAST_PLACES = 9
_DAY = "utcFormat(toDate(datum.value), '%-d %b')"  # of ISO text

_TEXT = "var(--text)"
_MUTED = "var(--muted)"
_LINE = "var(--line)"
ACCENT, ADDED, REMOVED = "var(--accent)", "var(--added)", "var(--removed)"
_OUTLIER = 4  # times the second

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
    """The y axis: one row per label, in this order."""
    return {
        "field": "label",
        "type": "nominal",
        "sort": list(labels),
        "scale": {"domain": list(labels)},
        "axis": {"title": None, "grid": False, "labelColor": _TEXT, **(axis or {})},
    }


def limit(values: Sequence[float]) -> float | None:
    """The value at which the longest bar is cut; None if it is not far longer than all others."""
    if len(values) < 3:  # noqa: PLR2004  # with two there is nothing else to compare
        return None
    second, first = sorted(values)[-2:]
    return 1.3 * second if first > _OUTLIER * second > 0 else None


def _cut(points: Points, key: str = "value") -> list[dict[str, Any]]:
    """The points with `end`, where the bar ends, and `sign`, which a cut bar has."""
    most = limit([point[key] for point in points])
    return [
        point | {"end": min(point[key], most or point[key]), "sign": CUT if most and point[key] > most else ""}
        for point in points
    ]


def bars(points: Points, what: str, tooltip: Sequence[tuple[str, str]]) -> Spec:
    """Horizontal bars in the order of the points: `label`, `value`, `text` at the end of the bar.

    `tooltip` names further keys of the points, each with its title.
    """
    cut = [point | {"text": point["sign"] + point["text"]} for point in _cut(points)]
    # Space for the text at the end of the bar, on a phone too.
    most = max((point["end"] * (1.04 + 0.05 * len(point["text"])) for point in cut), default=0) or 1
    rows = _rows([point["label"] for point in points])
    x = {"field": "end", "type": "quantitative", "scale": {"domain": [0, most], "nice": False}, "axis": None}
    tips = [{"field": key, "title": title} for key, title in (("label", what), *tooltip)]
    return _chart(
        cut,
        len(points) * ROW,
        encoding={"y": rows, "x": x, "tooltip": tips},
        layer=[
            {"mark": {"type": "bar", "color": ACCENT, "height": {"band": 0.68}, "cornerRadiusEnd": 3}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "color": _MUTED, "clip": False},
                "encoding": {"text": {"field": "text"}},
            },
        ],
    )


def bars_to_both_sides(
    points: Points,
    what: str,
    number: str = "items",
    *,
    ways: tuple[str, str] = ("Added", "Removed"),
    is_change: bool = True,
) -> Spec:
    """Horizontal bars to both sides of a line: for each label additions to the right, removals to the left.

    Points have `label` and a number for each of the two `ways`; numbers of changes get a sign.
    """
    right, left = ways
    signs = {left: -1, right: 1}
    signs_shown = {-1: MINUS, 1: "+"} if is_change else {-1: "", 1: ""}
    long = [
        {"label": point["label"], "way": way, "value": point[way], "direction": sign}
        for point in points
        for way, sign in signs.items()
        if point[way]
    ]
    drawn = [
        point
        | {
            "end": point["direction"] * point["end"],
            "number": f"{point['sign']}{signs_shown[point['direction']]}{point['value']:,}",
        }
        for point in _cut(long)
    ]
    rows = _rows([point["label"] for point in points])
    least = min((point["end"] for point in drawn), default=0)
    most = max((point["end"] for point in drawn), default=0)
    room = (max(most, 0) - min(least, 0)) * 0.2  # for the numbers at the ends
    least, most = min(least - room, 0) if least < 0 else 0, max(most + room, 0) if most > 0 else 0
    x = {"field": "end", "type": "quantitative", "scale": {"domain": [least, most], "nice": False}, "axis": None}
    tips = [{"field": "label", "title": what}, {"field": "value", "title": number}, {"field": "way", "title": " "}]
    texts = [
        {
            "transform": [{"filter": f"datum.direction {sign} 0"}],
            "mark": {"type": "text", "align": align, "dx": dx, "color": _MUTED},
            "encoding": {"text": {"field": "number"}},
        }
        for sign, align, dx in ((">", "left", 5), ("<", "right", -5))
    ]
    return _chart(
        drawn,
        len(points) * ROW + 30,
        encoding={"y": rows, "x": x, "tooltip": tips},
        layer=[
            {
                "mark": {"type": "bar", "height": {"band": 0.68}, "cornerRadiusEnd": 3},
                "encoding": {"color": _two_ways(right, left)},
            },
            *texts,
            {"mark": {"type": "rule", "color": _MUTED}, "encoding": {"x": {"datum": 0}, "y": None, "tooltip": None}},
        ],
    )


def _two_ways(right: str, left: str) -> Spec:
    scale = {"domain": [left, right], "range": [REMOVED, ADDED]}
    return {"field": "way", "type": "nominal", "scale": scale, "legend": {}}


def days_up_and_down(points: Points) -> Spec:
    """Vertical bars per day: additions above the line, removals below it; `day` is ISO text, beside `Added`, `Removed`.

    Days without a check show as gaps.
    """
    long = [
        {"day": point["day"], "way": way, "value": point[way], "direction": sign}
        for point in points
        for way, sign in (("Removed", -1), ("Added", 1))
    ]
    drawn = [
        point
        | {"end": point["direction"] * point["end"], "number": f"{CUT}{point['value']:,}" if point["sign"] else ""}
        for point in _cut(long)
    ]
    few_days = len(points) <= 10  # noqa: PLR2004  # so few that every label fits
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
    tips = [{"field": "day", "title": "day"}, {"field": "value", "title": "items"}, {"field": "way", "title": " "}]
    cut = [point for point in drawn if point["number"]]
    return _chart(
        drawn,
        240,
        encoding={
            "x": {"field": "day", **by_day},
            "y": {
                "field": "end",
                "type": "quantitative",
                "axis": {"title": "items", "tickMinStep": 1, "labelExpr": "format(abs(datum.value), ',')"},
            },
        },
        layer=[
            {
                "mark": {"type": "bar", **({"width": {"band": 0.5}} if few_days else {})},
                "encoding": {"color": _two_ways("Added", "Removed"), "tooltip": tips},
            },
            {"mark": {"type": "rule", "color": _MUTED}, "encoding": {"x": None, "y": {"datum": 0}}},
            *(
                {
                    "transform": [{"filter": f"datum.number != '' && datum.direction {sign} 0"}],
                    "mark": {"type": "text", "align": "center", "dy": dy},
                    "encoding": {"text": {"field": "number"}},
                }
                for sign, dy in ((">", -8), ("<", 9))
                if cut
            ),
        ],
    )


def over_time(points: Points, unit: Literal["day", "month"], what: str) -> Spec:
    """Vertical bars over days or months: `at` as ISO text, and `value`. Bars are not cut."""
    shown = "%-d %b %Y" if unit == "day" else "%b %Y"
    x = {"field": "at", "type": "temporal", "timeUnit": "utcyearmonthdate" if unit == "day" else "utcyearmonth"}
    y = {"field": "value", "type": "quantitative", "axis": {"title": what, "tickCount": 5, "tickMinStep": 1}}
    return _chart(
        points,
        220,
        mark={"type": "bar", "color": ACCENT, "binSpacing": 0 if len(points) > 100 else 1},  # noqa: PLR2004  # on a phone
        encoding={
            "x": x | {"axis": {"title": None, "format": "%b %Y", "grid": False}},
            "y": y,
            "tooltip": [x | {"title": unit, "format": shown}, {"field": "value", "title": what}],
        },
    )


def columns(points: Points, field_title: str, what: str, *, height: int = 220) -> Spec:
    """Vertical bars over whole numbers, such as years; points have `at` and `value`."""
    places = [point["at"] for point in points]
    # The axis has a least width, so that few bars do not become wide blocks.
    low = max(0, min(*places, max(places) - _LEAST_PLACES))
    high = max(*places, low + _LEAST_PLACES)
    tips = [{"field": "at", "title": field_title, "format": "d"}, {"field": "value", "title": what}]
    drawn = [
        point
        | {"until": point["at"] + 1, "middle": point["at"] + 0.5}
        | {"number": f"{CUT}{point['value']:,}" if point["sign"] else ""}
        for point in _cut(points)
    ]
    x = {"type": "quantitative", "scale": {"domain": [low, high + 1], "nice": False}}
    numbers = {
        "transform": [{"filter": "datum.number != ''"}],
        "mark": {"type": "text", "dy": -8},
        "encoding": {"x": {"field": "middle", **x}, "x2": None, "text": {"field": "number"}},
    }
    return _chart(
        drawn,
        height,
        layer=[
            {"mark": {"type": "bar", "color": ACCENT, "binSpacing": 1}},
            *([numbers] if any(p["number"] for p in drawn) else []),
        ],
        encoding={
            "x": {
                "field": "at",
                **x,
                "bin": "binned",
                "axis": {"title": field_title, "format": "d", "grid": False, "tickMinStep": 1},
            },
            "x2": {"field": "until"},
            "y": {
                "field": "end",
                "type": "quantitative",
                "axis": {"title": what, "tickCount": min(6, max(point["value"] for point in points)), "format": ",d"},
            },
            "tooltip": tips,
        },
    )


def steps(points: Points, field_title: str, what: str) -> Spec:
    """Vertical bars for a few names in this order, each with its number above it; points have `label` and `value`."""
    drawn = [point | {"number": f"{point['sign']}{point['value']:,}"} for point in _cut(points)]
    most = max(point["end"] for point in drawn)
    labels = [point["label"] for point in points]
    x = {
        "field": "label",
        "type": "nominal",
        "sort": labels,
        "scale": {"domain": labels, "paddingInner": 0.35, "paddingOuter": 0.2},
        "axis": {"title": field_title, "labelAngle": 0, "grid": False, "labelColor": _TEXT},
    }
    y = {"field": "end", "type": "quantitative", "scale": {"domain": [0, most * 1.12], "nice": False}, "axis": None}
    tips = [{"field": "label", "title": field_title}, {"field": "value", "title": what}]
    return _chart(
        drawn,
        220,
        encoding={"x": x, "y": y, "tooltip": tips},
        layer=[
            {"mark": {"type": "bar", "color": ACCENT, "cornerRadiusEnd": 3}},
            {
                "mark": {"type": "text", "dy": -9, "color": _MUTED},
                "encoding": {"text": {"field": "number"}},
            },
        ],
    )


def arcs(labels: Sequence[str], pairs: Sequence[tuple[int, int, int]]) -> Spec:
    """Names in one column, joined by an arc for each pair: two positions in `labels`, and how many songs they share."""
    far = max(abs(first - second) for first, second, _ in pairs)
    most = max(2, *(songs for _, _, songs in pairs))
    points = [
        {"pair": number, "x": x, "y": y, "songs": songs, "one": labels[first], "other": labels[second]}
        for number, (first, second, songs) in enumerate(pairs)
        for x, y in _half_round(first, second, far)
    ]
    nodes = [{"label": label} for label in labels]
    across = {"field": "x", "type": "quantitative", "scale": {"domain": [0, 1.04], "nice": False}, "axis": None}
    down = {
        "field": "y",
        "type": "quantitative",
        "scale": {"domain": [len(labels) - 0.5, -0.5], "nice": False, "zero": False},
        "axis": None,
    }
    tips = [("one", "artist"), ("other", "other artist"), ("songs", "shared songs")]
    width = {
        "field": "songs",
        "type": "quantitative",
        "scale": {"domain": [1, most], "range": [1.2, 7]},
        "legend": {
            "title": "shared songs",
            "values": sorted({1, (1 + most) // 2, most}),
            "format": "d",
            "symbolType": "stroke",
            "symbolStrokeColor": ACCENT,
        },
    }
    return _chart(
        [],
        len(labels) * ROW + 40,
        resolve={"scale": {"y": "independent"}},
        layer=[
            {
                "data": {"values": nodes},
                "mark": {"type": "point", "filled": True, "size": 46, "color": ACCENT, "opacity": 1},
                "encoding": {"y": _rows(labels), "x": {"datum": 0, "type": "quantitative", "axis": None}},
            },
            {
                "data": {"values": points},
                "mark": {"type": "line", "color": ACCENT, "opacity": 0.55, "strokeCap": "round"},
                "encoding": {
                    "x": across,
                    "y": down,
                    "detail": {"field": "pair", "type": "nominal"},
                    "order": {"field": "y", "type": "quantitative"},
                    "strokeWidth": width,
                    "tooltip": [{"field": key, "title": title} for key, title in tips],
                },
            },
        ],
    )


def _half_round(first: int, second: int, far: int) -> list[tuple[float, float]]:
    """Points of an arc between two positions; the greater their distance, the wider the arc."""
    low, high = sorted((first, second))
    out = ((high - low) / far) ** 0.75
    places = [step / (CURVE_POINTS - 1) for step in range(CURVE_POINTS)]
    return [(round(out * (1 - (2 * at - 1) ** 2) ** 0.5, 4), round(low + (high - low) * at, 4)) for at in places]
