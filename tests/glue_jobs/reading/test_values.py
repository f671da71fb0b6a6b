"""The accepted forms of every type, as docs/data-model.md lists them under "Accepted forms"."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.reading.document import read_document
from glue_jobs.reading.values import Decimal, MalformedError, cast, clean_text, malformed, to_json
from shared.contract import Type

MILLION = 1_000_000


def at(*parts: int) -> datetime:
    """A time as the tables have it: UTC without zone."""
    return datetime(*parts)  # type: ignore[arg-type]


DATA_MODEL = Path(__file__).parents[3] / "docs" / "data-model.md"


def as_read(text: str) -> Any:
    """The JSON value as the reader reads it."""
    (_, row), _ = read_document(b'[{"item": ' + text.encode() + b'}, {"item": null}]').checks[0].rows()
    return row["item"]


@pytest.mark.parametrize(
    ("json_text", "kind", "value"),
    [
        ('"text"', Type.STRING, "text"),
        ('" text "', Type.STRING, " text "),
        ('""', Type.STRING, None),
        ('" "', Type.STRING, " "),
        ('"\\u0000"', Type.STRING, "\u0000"),
        ('"\\u2028 \U0001f3b5"', Type.STRING, "\u2028 \U0001f3b5"),
        ('"half \\ud83d"', Type.STRING, "half ?"),
        ('"\\ud83c\\udfb5"', Type.STRING, "\U0001f3b5"),
        ("0", Type.STRING, "0"),
        ("-1", Type.STRING, "-1"),
        ("1180591620717411303424", Type.STRING, "1180591620717411303424"),
        ("1.5", Type.STRING, "1.5"),
        ("1.50", Type.STRING, "1.5"),
        ("1.0", Type.STRING, "1.0"),
        ("1e3", Type.STRING, "1000.0"),
        ("1e308", Type.STRING, "1e+308"),
        ("1e999", Type.STRING, "Infinity"),
        ("-0.0", Type.STRING, "-0.0"),
        ("true", Type.STRING, "true"),
        ("false", Type.STRING, "false"),
        ("0", Type.INT, 0),
        ("-1", Type.INT, -1),
        ("2147483647", Type.INT, 2147483647),
        ("-2147483648", Type.INT, -2147483648),
        ('"5"', Type.INT, 5),
        ('"+5"', Type.INT, 5),
        ('"-1"', Type.INT, -1),
        ('" 7 "', Type.INT, 7),
        ('"0007"', Type.INT, 7),
        ('"2147483647"', Type.INT, 2147483647),
        ("2147483648", Type.BIGINT, 2147483648),
        ("9223372036854775807", Type.BIGINT, 9223372036854775807),
        ("-9223372036854775808", Type.BIGINT, -9223372036854775808),
        ('"2147483648"', Type.BIGINT, 2147483648),
        ("true", Type.BOOLEAN, True),
        ("false", Type.BOOLEAN, False),
        ("1", Type.BOOLEAN, True),
        ("0", Type.BOOLEAN, False),
        *[(f'"{text}"', Type.BOOLEAN, True) for text in ("true", "True", "TRUE", "t", "yes", "Y", "1", " true ")],
        *[(f'"{text}"', Type.BOOLEAN, False) for text in ("false", "False", "f", "no", "N", "0", " no ")],
        ('"2026-11-20"', Type.DATE, date(2026, 11, 20)),
        ('"0001-01-01"', Type.DATE, date(1, 1, 1)),
        ('"9999-12-31"', Type.DATE, date(9999, 12, 31)),
        ('"2024-02-29"', Type.DATE, date(2024, 2, 29)),
        ('"2026-11-20T10:00:00Z"', Type.TIMESTAMP, at(2026, 11, 20, 10)),
        ('"2026-11-20 10:00:00Z"', Type.TIMESTAMP, at(2026, 11, 20, 10)),
        ('"2026-11-20T10:00:00.5Z"', Type.TIMESTAMP, at(2026, 11, 20, 10, 0, 0, 500_000)),
        ('"2026-11-20T10:00:00.123456789Z"', Type.TIMESTAMP, at(2026, 11, 20, 10, 0, 0, 123_456)),
        ('"2026-11-20T10:00:00.0000009Z"', Type.TIMESTAMP, at(2026, 11, 20, 10)),
        ('"2026-11-20T10:00:00+01:00"', Type.TIMESTAMP, at(2026, 11, 20, 9)),
        ('"2026-11-20T10:00:00-0530"', Type.TIMESTAMP, at(2026, 11, 20, 15, 30)),
        ('"2026-11-20T10:00:00+18:00"', Type.TIMESTAMP, at(2026, 11, 19, 16)),
        ('"2026-11-20T00:30:00+01:00"', Type.TIMESTAMP, at(2026, 11, 19, 23, 30)),
        ('"0001-01-01T00:00:00Z"', Type.TIMESTAMP, at(1, 1, 1)),
        ('"1582-10-10T00:00:00Z"', Type.TIMESTAMP, at(1582, 10, 10)),
        ('"9999-12-31T23:59:59.999999Z"', Type.TIMESTAMP, at(9999, 12, 31, 23, 59, 59, 999_999)),
    ],
)
def test_an_accepted_form_is_a_value_of_the_type(json_text: str, kind: Type, value: object) -> None:
    result = cast(as_read(json_text), kind)

    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("json_text", "kind", "shown"),
    [
        ("{}", Type.STRING, "{}"),
        ('{"a": [1.5]}', Type.STRING, '{"a": [1.5]}'),
        ("[]", Type.STRING, "[]"),
        ('["x"]', Type.STRING, '["x"]'),
        *[(text, Type.INT, text) for text in ("1.0", "1.5", "true", "2147483648", "-2147483649", "{}", "[5]")],
        ("1e3", Type.INT, "1000.0"),
        ("1e999", Type.INT, "Infinity"),
        *[
            (f'"{text}"', Type.INT, text)
            for text in ("", " ", "1.0", "7e2", "0x7", "1_000", "--1", "٣", "true", "n/a", "NaN", "2147483648")
        ],
        ('"' + "0" * 41 + '"', Type.INT, "0" * 41),
        ("9223372036854775808", Type.BIGINT, "9223372036854775808"),
        ('"9223372036854775808"', Type.BIGINT, "9223372036854775808"),
        ("1.0", Type.BIGINT, "1.0"),
        *[(text, Type.BOOLEAN, text) for text in ("2", "-1", "1.0", "0.0", "{}", "[true]")],
        *[(f'"{text}"', Type.BOOLEAN, text) for text in ("", "maybe", "on", "2", "1.0")],
        *[(text, Type.DATE, text) for text in ("2026", "20261120", "true", "{}", '["2026-11-20"]')],
        *[
            (f'"{text}"', Type.DATE, text)
            for text in (
                "",
                "2026",
                "2026-11",
                "2026-02-30",
                "2026-13-01",
                "0000-01-01",
                "20261120",
                "2026-W01-1",
                " 2026-11-20",
                "2026-11-20T10:00:00Z",
                "+292278994-08-17",
            )
        ],
        ('"2026-01-01\\n"', Type.DATE, "2026-01-01\n"),
        *[(text, Type.TIMESTAMP, text) for text in ("0", "1763632800", "1763632800.5", "true", "{}", "[]")],
        *[
            (f'"{text}"', Type.TIMESTAMP, text)
            for text in (
                "",
                "2026-11-20",
                "2026-11-20T10:00:00",
                "2026-11-20T10:00Z",
                "2026-11-20T10:00:00z",
                "2026-11-20t10:00:00Z",
                "2026-11-20T10:00:00+01",
                "2026-11-20T10:00:00.Z",
                "2026-11-20T25:00:00Z",
                "2026-11-20T10:60:00Z",
                "2026-11-20T10:00:60Z",
                "2026-13-45T10:00:00Z",
                "2026-02-30T10:00:00Z",
                "2026-11-20T10:00:00+18:01",
                "2026-11-20T10:00:00+99:99",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00",
                "20261120T100000Z",
                " 2026-11-20T10:00:00Z",
                "sometime last summeZ",
            )
        ],
        ('"2026-11-20T10:00:00Z\\n"', Type.TIMESTAMP, "2026-11-20T10:00:00Z\n"),
    ],
)
def test_every_other_form_is_malformed_and_the_reason_shows_it(json_text: str, kind: Type, shown: str) -> None:
    with pytest.raises(MalformedError) as refused:
        cast(as_read(json_text), kind)

    assert str(refused.value) == f"no {kind}: {shown}"


def test_a_text_has_at_most_a_million_characters() -> None:
    assert cast("n" * MILLION, Type.STRING) == "n" * MILLION
    for kind in Type:
        with pytest.raises(MalformedError) as refused:
            cast("1" * (MILLION + 1), kind)
        assert str(refused.value) == f'no {kind}: "' + "1" * 199


def test_a_reason_shows_the_first_two_hundred_characters() -> None:
    assert malformed(Type.INT, "x" * 1000) == "no int: " + "x" * 200
    assert malformed(Type.STRING, ["x" * 1000]) == 'no string: ["' + "x" * 198


def test_a_number_of_many_digits_is_text_and_no_integer() -> None:
    assert cast(10**1200, Type.STRING) == "1" + "0" * 1200
    with pytest.raises(MalformedError):
        cast(10**1200, Type.BIGINT)


@pytest.mark.parametrize("text", ["1.5", "1.0", "-0.0", "1e+308", "Infinity"])
def test_a_number_with_a_fraction_keeps_its_spelling(text: str) -> None:
    assert to_json({"a": [Decimal(text)]}) == f'{{"a": [{text}]}}'


def test_a_number_with_a_fraction_cannot_be_converted_silently() -> None:
    # pyarrow converts every object with __int__, __index__ or __float__.
    assert not {"__float__", "__int__", "__index__"} & set(dir(Decimal("1.5")))


def test_only_halves_of_surrogate_pairs_are_replaced() -> None:
    assert clean_text("half \ud83d, whole \U0001f3b5, plain") == "half ?, whole \U0001f3b5, plain"
    assert clean_text("plain") == "plain"


def test_the_document_has_the_accepted_forms_of_every_type() -> None:
    _, _, section = DATA_MODEL.read_text(encoding="utf-8").partition("## Accepted forms\n")
    rows = [line.split("|")[1].strip() for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]

    assert rows == ["type", "STRING", "INT", "BIGINT", "BOOLEAN", "DATE", "TIMESTAMP"]
    assert {kind.name for kind in Type} == set(rows[1:])
