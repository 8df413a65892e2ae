"""Messages to bytes (FlatBuffers).

For each table a function that packs it is made when it is first needed; the README says why.
Failure: BadMessage where a field holds what its type cannot.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from . import schema
from ._slots import Slot, scalar, slots_of
from ._table import Table


class BadMessage(Exception):
    """A field holds what its type cannot."""


MASK_64 = 2**64 - 1
_put_uint = struct.Struct("<I").pack
#: What ends a text of so many bytes, modulo 4, up to the next multiple of 4.
PADDING = (b"\0\0\0\0", b"\0\0\0", b"\0\0", b"\0")


class _Layout:
    """Where the fields lie of a table that has just these. Table and vtable end at multiples of
    4."""

    __slots__ = ("vtable", "vtable_size", "pack", "size", "at", "wide")

    def __init__(self, slots: list[Slot], entries: int, mask: int) -> None:
        form, place, self.at = "<i", 4, [0] * len(slots)
        present = [0] * entries
        # A table with numbers of 64 bits begins 4 bytes before a multiple of 8.
        self.wide = any(s.size == 8 for i, s in enumerate(slots) if mask >> i & 1)
        for index, slot in enumerate(slots):
            if not mask >> index & 1:
                continue
            gap = -(place + 4 * self.wide) % slot.size
            form += f"{gap}x" + (slot.code or "I")
            place += gap
            self.at[index] = present[slot.number] = place
            place += slot.width
        while present and present[-1] == 0:
            present.pop()
        size = 4 + 2 * len(present)
        vtable = struct.pack(f"<HH{len(present)}H", size, place, *present)
        self.vtable = vtable + bytes(-size % 4)
        self.vtable_size = len(self.vtable)
        self.pack = struct.Struct(form + f"{-place % 4}x").pack
        self.size = place + -place % 4


class Pairs(list[tuple[str, str]]):
    """Questions, each an action and a resource, in the place of a list of Question."""


#: A table with two texts.
PAIR_BYTES = 12


@functools.cache
def _pair_layout() -> _Layout:
    slots = slots_of(schema.Question)
    assert [slot.field.name for slot in slots[:2]] == ["action", "resource"]
    return _Layout(slots, len(slots), 0b11)


class _Writer:
    """Pieces one behind the other, each a multiple of 4 long; what is led to lies behind what leads
    to it."""

    __slots__ = ("pieces", "size", "vtables", "marked")

    def __init__(self) -> None:
        #: The first is the root's place and the identifier.
        self.pieces: list[bytes] = [b""]
        self.size = 8
        self.vtables: dict[_Layout, int] = {}
        #: Where what is secret or personal begins and ends.
        self.marked: list[tuple[int, int]] = []

    def place(self, layout: _Layout) -> int:
        """Where the vtable is; behind everything a table has its place then."""
        vtable = self.vtables.get(layout)
        if vtable is None:
            vtable = self.vtables[layout] = self.size
            self.pieces.append(layout.vtable)
            self.size += layout.vtable_size
        if layout.wide and self.size & 7 != 4:
            self.pieces.append(bytes(4))
            self.size += 4
        return vtable

    def text(self, text: str) -> int:
        data = text.encode()
        size = len(data)
        place = self.size
        self.pieces.append(_put_uint(size) + data + PADDING[size & 3])
        self.size = place + (size + 8 & ~3)
        return place

    def marked_text(self, text: str) -> int:
        place = self.text(text)
        self.marked.append((place + 4, place + 4 + len(text.encode())))
        return place

    def offsets(self, count: int) -> tuple[int, int]:
        """A list of so many offsets, to be filled in: its place, and that of its piece."""
        place = self.size
        self.pieces.append(b"")
        self.size += 4 + 4 * count
        return place, len(self.pieces) - 1

    def fill(self, place: int, piece: int, children: list[int]) -> int:
        place += 4
        ahead = [child - place - 4 * i for i, child in enumerate(children)]
        self.pieces[piece] = struct.pack(f"<{1 + len(ahead)}I", len(ahead), *ahead)
        return place - 4

    def tables(self, items: list[Any]) -> int:
        if isinstance(items, Pairs):
            return self.pairs(items)
        place, piece = self.offsets(len(items))
        return self.fill(place, piece, [_writer_of(type(item))(self, item) for item in items])

    def texts(self, items: list[str]) -> int:
        place, piece = self.offsets(len(items))
        return self.fill(place, piece, [self.text(item) for item in items])

    def marked_texts(self, items: list[str]) -> int:
        place, piece = self.offsets(len(items))
        return self.fill(place, piece, [self.marked_text(item) for item in items])

    def numbers(self, items: Any, code: str, size: int) -> int:
        """Numbers, or bytes as they are."""
        if size == 8 and self.size & 7 != 4:
            self.pieces.append(bytes(4))
            self.size += 4
        data = bytes(items) if code == "" else struct.pack(f"<{len(items)}{code}", *items)
        place = self.size
        self.pieces.append(_put_uint(len(items)) + data + bytes(-len(data) % 4))
        self.size = place + 4 + len(data) + -len(data) % 4
        return place

    def pairs(self, items: Pairs) -> int:
        """A list, its tables and their texts in one go; what is the same is written once."""
        vtable, start, count = self.place(_pair_layout()), self.size, len(items)
        table = start + 4 + 4 * count
        place = table + PAIR_BYTES * count
        known: dict[str, int] = {}
        texts, numbers = [], []
        for pair in items:
            numbers.append(table - vtable)
            field = table + 4
            for text in pair:
                found = known.get(text)
                if found is None:
                    data = text.encode()
                    size = len(data)
                    texts.append(_put_uint(size) + data + PADDING[size & 3])
                    found = known[text] = place
                    place += size + 8 & ~3
                numbers.append(found - field)
                field += 4
            table += PAIR_BYTES
        ahead = PAIR_BYTES - 4
        offsets = range(4 * count, (4 + ahead) * count, ahead)
        self.pieces.append(struct.pack(f"<{1 + 4 * count}I", count, *offsets, *numbers))
        self.pieces += texts
        self.size = place
        return start


_writers: dict[type[Table], Callable[[_Writer, Any], int]] = {}


def _writer_of(table: type[Table]) -> Callable[[_Writer, Any], int]:
    return _writers.get(table) or _make_writer(table)


def _make_writer(table: type[Table]) -> Callable[[_Writer, Any], int]:
    """A function that writes such a table and gives its place."""
    slots = slots_of(table)
    entries = max((slot.number for slot in slots), default=-1) + 1
    layouts: dict[int, _Layout] = {}

    def layout_of(mask: int) -> _Layout:
        return layouts.setdefault(mask, _Layout(slots, entries, mask))

    known: dict[str, Any] = {"layouts": layouts, "writer_of": _writer_of, "layout_of": layout_of}
    source = ["def write(w, o):", " mask = 0"]
    later = []
    for index, slot in enumerate(slots):
        source += _source_of_presence(index, slot, known)
        later += _source_of_value(index, slot)
    source += [
        " layout = layouts.get(mask) or layout_of(mask)",
        " vtable = w.place(layout)",
        " place = w.size; w.size = place + layout.size",
        " at = layout.at; piece = len(w.pieces); w.pieces.append(None)",
        " args = [place - vtable]",
        *later,
        " w.pieces[piece] = layout.pack(*args)",
        " return place",
    ]
    exec("\n".join(source), known)
    write: Callable[[_Writer, Any], int] = known["write"]
    _writers[table] = write
    return write


def _source_of_presence(index: int, slot: Slot, known: dict[str, Any]) -> list[str]:
    """Learns whether the field is there."""
    name, bit, value = slot.field.name, 1 << index, f"v{slot.number}"
    source = [f" {value} = o.{name}"]
    if slot.part == "number":
        members = Table._unions[slot.field.of]
        known[f"numbers{index}"] = {member: i for i, member in enumerate(members, 1)}
        return [
            *source,
            f" if {value} is not None:",
            f"  mask |= {bit}; {value} = numbers{index}[type({value})]",
        ]
    default = slot.field.default
    if slot.part == "offset" and slot.field.many:
        there = value
    elif slot.part in ("offset", "struct") or default is None:
        there = f"{value} is not None"
    else:
        known[f"default{index}"] = default
        there = f"{value} != default{index}"
    return [*source, f" if {there}: mask |= {bit}"]


def _source_of_value(index: int, slot: Slot) -> list[str]:
    """Takes what lies in the table itself, and writes what is led to from it."""
    field, value = slot.field, f"v{slot.number}"
    marked = "marked_" if field.secret or field.personal else ""
    if slot.part == "struct":
        taken = f"{value} = {value}.int; args += ({value} >> 64, {value} & {MASK_64})"
    elif slot.part != "offset":
        taken = f"args.append({value})"
    else:
        if field.many and field.kind == "text":
            child = f"w.{marked}texts({value})"
        elif field.many and field.kind == "table":
            child = f"w.tables({value})"
        elif field.many:
            code, size = scalar(field)
            code = "" if field.of == "ubyte" else code
            child = f"w.numbers({value}, {code!r}, {size})"
        elif field.kind == "text":
            child = f"w.{marked}text({value})"
        else:
            child = f"writer_of(type({value}))(w, {value})"
        taken = f"args.append({child} - place - at[{index}])"
    return [f" if mask & {1 << index}: {taken}"]


class Packed(NamedTuple):
    """The bytes of a message, to be wiped, and the places of what is secret or personal."""

    data: bytearray
    marked: list[tuple[int, int]]


def pack(message: Table, identifier: bytes) -> Packed:
    writer = _Writer()
    try:
        root = _writer_of(type(message))(writer, message)
    except UnicodeEncodeError:
        # Its own words name the character, which may be a secret's.
        raise BadMessage(f"{type(message).__name__}: a text has a half of a character") from None
    except (struct.error, AttributeError, TypeError, KeyError, ValueError) as wrong:
        raise BadMessage(f"{type(message).__name__}: {wrong}") from wrong
    writer.pieces[0] = _put_uint(root) + identifier
    return Packed(bytearray().join(writer.pieces), writer.marked)
