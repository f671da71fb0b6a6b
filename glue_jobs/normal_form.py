"""The one shape in which Spark sees a playlist row: the fields some column is made from, and nothing else.

The shape is made from the contracts' JSON paths. Structure is checked here, values are not: every leaf stays as it
came and is cast by contract later. What does not fit the structure (text where an object should be, an object where a
title should be) is put in its place as a marked text that no cast takes, so that exactly the rows that read it are
rejected.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from shared.contract import Type, source_paths
from shared.tables import TABLES

# Starts with a control character that no honest name carries; what follows is the misfit's JSON.
MISFIT = "\u0001misfit:"

_ABOVE_MISFITS = "\u0002"
_STRING, _INT = Type.STRING, Type.INT
_INT_MAX = 2**31 - 1
LONGEST_TEXT = 1_000_000
_SHOWN = 1_000


def misfit(value: object) -> str:
    """The marked text that stands for a value of the wrong structure: as much of it as anybody is shown."""
    return MISFIT + json.dumps(value, ensure_ascii=False)[:_SHOWN]


# Every node's fit() also adds to `doubts` whatever of the value may not cast: no doubt means that all of it will.
Doubts = list[object]


@dataclass
class Leaf:
    """A scalar, kept as its text. `is_key`: a row without it is rejected."""

    type: Type
    is_key: bool = False

    def fit(self, value: object, doubts: Doubts) -> str:
        """The scalar's text as JSON has it; or the marked text of an object, a list or a whole book."""
        if type(value) is int and self.type is _INT and -_INT_MAX <= value <= _INT_MAX:
            return str(value)
        if isinstance(value, str) and len(value) <= LONGEST_TEXT:
            fitted = value
        elif isinstance(value, bool):
            fitted = "true" if value else "false"
        elif isinstance(value, int):
            fitted = str(value)
        else:
            fitted = json.dumps(value) if isinstance(value, float) else misfit(value)
        if not self._is_sure_to_cast(value):
            doubts.append(fitted)
        return fitted

    def unfit(self, value: object) -> str:
        """The marked text of a misfit that stands where this leaf's parent should be."""
        return misfit(value)

    def _is_sure_to_cast(self, value: object) -> bool:
        # A quick look that may say no to what is fine.
        if isinstance(value, str):
            if self.type is Type.TIMESTAMP:
                return _is_utc(value)
            return self.type is Type.STRING and len(value) <= LONGEST_TEXT and not value.startswith(MISFIT)
        if self.type is Type.BOOLEAN:
            return isinstance(value, bool)
        return self.type is Type.STRING and isinstance(value, int | float)


_ELEMENT = Leaf(Type.STRING)


@dataclass
class Array:
    """A list; null elements stay, since positions count."""

    element: "Node"

    def fit(self, value: object, doubts: Doubts) -> object:
        """The list with each element fitted; anything else becomes one unfit element."""
        if not isinstance(value, list):
            doubts.append(value)
            return [self.element.unfit(value)]
        fitted: list[object] = []
        for element in value:
            if element is None:
                doubts.append(element)
                fitted.append(None)
            else:
                fitted.append(self.element.fit(element, doubts))
        return fitted

    def unfit(self, value: object) -> object:
        """One unfit element, so that whoever explodes the list meets the misfit."""
        return [self.element.unfit(value)]


@dataclass
class Count:
    """A list of texts of which some column only has the number: of a song's markets there are nearly two hundred."""

    def fit(self, value: object, doubts: Doubts) -> object:
        """How many elements there are, nulls among them; or the first marked text."""
        if not isinstance(value, list):
            doubts.append(value)
            return misfit(value)
        if _are_short_texts(value):
            return str(len(value))
        found: Doubts = []
        for element in value:
            if element is not None:
                _ELEMENT.fit(element, found)
        doubts += found
        return found[0] if found else str(len(value))

    def unfit(self, value: object) -> object:
        """The marked text of a misfit that stands where this list's parent should be."""
        return misfit(value)


@dataclass
class First:
    """A list of which only the first element is kept, in its place."""

    element: "Node"

    def fit(self, value: object, doubts: Doubts) -> object:
        """The first element fitted, null if there is none; of anything else the unfit element."""
        if not isinstance(value, list):
            doubts.append(value)
            return self.element.unfit(value)
        return self.element.fit(value[0], doubts) if value and value[0] is not None else None

    def unfit(self, value: object) -> object:
        """The unfit element."""
        return self.element.unfit(value)


@dataclass
class Struct:
    """An object; only the fields that some column is made from are kept."""

    fields: dict[str, "Node"] = field(default_factory=dict)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(name for name, node in self.fields.items() if isinstance(node, Leaf) and node.type is _STRING)

    @cached_property
    def _others(self) -> tuple[tuple[str, "Node"], ...]:
        return tuple((name, node) for name, node in self.fields.items() if name not in self._texts)

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        return tuple(name for name, node in self.fields.items() if isinstance(node, Leaf) and node.is_key)

    def fit(self, value: object, doubts: Doubts) -> object:
        """The object with its known fields fitted, nulls left out; anything else becomes an object of unfit leaves."""
        if not isinstance(value, dict):
            doubts.append(value)
            return self.unfit(value)
        # The most frequent case spelt out: this runs a hundred times for every item of a playlist.
        fitted: dict[str, object] = {
            name: child
            for name in self._texts
            if type(child := value.get(name)) is str and child > _ABOVE_MISFITS and len(child) <= LONGEST_TEXT
        }
        for name, node in self._others if len(fitted) == len(self._texts) else self.fields.items():
            if name not in fitted and (child := value.get(name)) is not None:
                fitted[name] = node.fit(child, doubts)
        for name in self._keys:
            if name not in fitted:
                doubts.append(name)
        return fitted

    def unfit(self, value: object) -> object:
        """An object all of whose leaves carry the misfit."""
        return {name: node.unfit(value) for name, node in self.fields.items()}


Node = Leaf | Array | First | Count | Struct


def _are_short_texts(values: list[Any]) -> bool:
    try:
        joined = "".join(values)
    except TypeError:
        return False
    return len(joined) <= LONGEST_TEXT and MISFIT[0] not in joined


def _is_utc(text: str) -> bool:
    try:
        return text.endswith("Z") and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _grow(struct: Struct, path: str, leaf: Leaf) -> None:
    head, _, rest = path.partition(".")
    name, bracket, which = head.partition("[")
    repeated = bool(bracket)
    node = struct.fields.get(name)
    if rest:
        inner = node.element if isinstance(node, Array | First) else node
        if not isinstance(inner, Struct):
            inner = Struct()
            whole = First(inner) if which == "0]" else Array(inner)
            struct.fields[name] = whole if repeated else inner
        _grow(inner, rest, leaf)
    elif node is None:
        struct.fields[name] = _list_of(leaf.type) if repeated else leaf


def _list_of(made: Type) -> Node:
    return Count() if made is Type.INT else Array(Leaf(Type.STRING))


def _tree() -> Struct:
    root = Struct()
    # Longest first: `item.artists[].id` makes the structure that `item.artists[]` then finds.
    for path, column in sorted(source_paths(TABLES), key=lambda found: (-found[0].count("."), found[0])):
        if path != "item":
            # An item without an id is no song and no episode, so no row misses it.
            _grow(root, path, Leaf(column.type, is_key=not column.nullable and path != "item.id"))
    return root


_ROOT = _tree()
PLAYLIST = _ROOT.fields.pop("playlist")
ROW = _ROOT
assert isinstance(PLAYLIST, Struct)  # noqa: S101  # the contracts of this very version name it
