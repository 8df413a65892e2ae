"""Messages to bytes and back (FlatBuffers).

For each table one function that packs it and, for each layout of it that arrives, one that unpacks
it are made when they are first needed; the README says why. Layouts kept of a table: LAYOUTS_MAX.
Failure: BadMessage where a message cannot be packed, BadBytes where bytes are no message.
"""

from __future__ import annotations

import functools
import struct
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from . import schema
from ._table import Field, Table
from .errors import no_answer


class BadMessage(Exception):
    """A field holds what its type cannot."""


class BadBytes(Exception):
    """These bytes are no message of the schema."""


DEPTH_MAX = 16
LAYOUTS_MAX = 256
#: Text and bytes that are taken out of one message, however often it shares them.
TEXT_BYTES_MAX = 64 * 1_048_576
SCALARS = {
    "bool": ("?", 1),
    "ubyte": ("B", 1),
    "byte": ("b", 1),
    "ushort": ("H", 2),
    "short": ("h", 2),
    "uint": ("I", 4),
    "int": ("i", 4),
    "ulong": ("Q", 8),
    "long": ("q", 8),
}
#: The width of an enum's values: all fit one byte but for these.
WIDE_ENUMS = {"Code": "ushort"}
#: Read when it is first asked for: what most callers of a check never look at.
LATER = {"Decision": "grant"}
MASK_64 = 2**64 - 1

_uint = struct.Struct("<I")
_read_uint = _uint.unpack_from
_read_int = struct.Struct("<i").unpack_from
_read_ushort = struct.Struct("<H").unpack_from
_put_uint = _uint.pack


def _scalar(field: Field) -> tuple[str, int]:
    """Format and size of a scalar or an enum's value."""
    return SCALARS[WIDE_ENUMS.get(field.of, "ubyte") if field.kind == "enum" else field.of]


class _Slot:
    """One entry of a table's vtable: a field, or the number of a union's member."""

    def __init__(self, number: int, field: Field, part: str) -> None:
        self.number, self.field, self.part = number, field, part
        if part == "number":
            self.code, self.size = "B", 1
        elif part == "struct":
            self.code, self.size = "QQ", 8
        elif part == "scalar":
            self.code, self.size = _scalar(field)
        else:
            self.code, self.size = "", 4

    @property
    def width(self) -> int:
        return 16 if self.part == "struct" else self.size


def _slots_of(table: type[Table]) -> list[_Slot]:
    slots = []
    for field in table._fields:
        if field.kind == "union":
            slots.append(_Slot(field.id - 1, field, "number"))
            slots.append(_Slot(field.id, field, "offset"))
        elif field.many or field.kind in ("text", "table"):
            slots.append(_Slot(field.id, field, "offset"))
        else:
            slots.append(_Slot(field.id, field, "struct" if field.kind == "struct" else "scalar"))
    return slots


# ---- out

#: What ends a text of so many bytes, modulo 4, up to the next multiple of 4.
PADDING = (b"\0\0\0\0", b"\0\0\0", b"\0\0", b"\0")


class _Layout:
    """Where the fields lie of a table that has just these. Table and vtable end at multiples of
    4."""

    __slots__ = ("vtable", "vtable_size", "pack", "size", "at", "wide")

    def __init__(self, slots: list[_Slot], entries: int, mask: int) -> None:
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
    slots = _slots_of(schema.Question)
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
    slots = _slots_of(table)
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
    _writers[table] = known["write"]
    return known["write"]


def _source_of_presence(index: int, slot: _Slot, known: dict[str, Any]) -> list[str]:
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


def _source_of_value(index: int, slot: _Slot) -> list[str]:
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
            code, size = _scalar(field)
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
    except (struct.error, AttributeError, TypeError, KeyError, ValueError) as wrong:
        raise BadMessage(f"{type(message).__name__}: {wrong}") from wrong
    writer.pieces[0] = _put_uint(root) + identifier
    return Packed(bytearray().join(writer.pieces), writer.marked)


# ---- back


class _Reader:
    __slots__ = ("bytes", "size", "known", "tables", "text")

    def __init__(self, data: bytes, tables_max: int) -> None:
        self.bytes, self.size = data, len(data)
        #: By table and vtable, what unpacks it: one, and many.
        self.known: dict[int, tuple[_Read, _ReadMany]] = {}
        self.tables = tables_max
        self.text = TEXT_BYTES_MAX

    def read_text(self, at: int) -> str:
        data = self.bytes
        at += _read_uint(data, at)[0]
        start = at + 4
        end = start + _read_uint(data, at)[0]
        if end >= self.size or data[end]:
            raise BadBytes("a text does not end")
        self.text -= end - at
        if self.text < 0:
            raise BadBytes("it holds more text than any message")
        return data[start:end].decode()

    def read_bytes(self, at: int) -> bytes:
        at += _read_uint(self.bytes, at)[0]
        end = at + 4 + _read_uint(self.bytes, at)[0]
        if end > self.size:
            raise BadBytes("a list does not end")
        self.text -= end - at
        if self.text < 0:
            raise BadBytes("it holds more bytes than any message")
        return self.bytes[at + 4 : end]

    def places(self, at: int) -> range:
        """Where the elements' offsets of a list lie."""
        at += _read_uint(self.bytes, at)[0]
        count = _read_uint(self.bytes, at)[0]
        end = at + 4 + 4 * count
        if end > self.size:
            raise BadBytes("a list does not end")
        self.tables -= count
        if self.tables < 0:
            raise BadBytes("it holds more than any message")
        return range(at + 4, end, 4)

    def read_numbers(self, at: int, code: str) -> list[Any]:
        at += _read_uint(self.bytes, at)[0]
        count = _read_uint(self.bytes, at)[0]
        if at + 4 + count * struct.calcsize("<" + code) > self.size:
            raise BadBytes("a list does not end")
        self.text -= count
        if self.text < 0:
            raise BadBytes("it holds more than any message")
        return list(struct.unpack_from(f"<{count}{code}", self.bytes, at + 4))


_Read = Callable[[_Reader, int, int], Any]
#: reader, where the list's offsets begin, these, the first to read, depth, where the objects go,
#: and the layout's place; gives the first with another layout.
_ReadMany = Callable[[_Reader, int, tuple[int, ...], int, int, list[Any], int], int]


class _TableReader:
    """Unpacks tables of one kind, whatever their layout."""

    def __init__(self, table: type[Table], number: int) -> None:
        self.table, self.number = table, number
        self.slots = {slot.number: slot for slot in _slots_of(table)}
        self.by_vtable: dict[bytes, tuple[_Read, _ReadMany]] = {}

    def __call__(self, reader: _Reader, at: int, depth: int) -> Any:
        vtable = at - _read_int(reader.bytes, at)[0]
        known = reader.known.get(vtable << 9 | self.number) or self.learn(reader, vtable)
        return known[0](reader, at, depth)

    def read_list(self, reader: _Reader, at: int, depth: int) -> list[Any]:
        data = reader.bytes
        found: list[Any] = []
        places = reader.places(at)
        start, count = places.start, len(places)
        offsets = struct.unpack_from(f"<{count}I", data, start)
        done = 0
        while done < count:
            place = start + 4 * done + offsets[done]
            vtable = place - _read_int(data, place)[0]
            known = reader.known.get(vtable << 9 | self.number) or self.learn(reader, vtable)
            done = known[1](reader, start, offsets, done, depth, found, vtable)
        return found

    def learn(self, reader: _Reader, place: int) -> tuple[_Read, _ReadMany]:
        if not 0 <= place < reader.size:
            raise BadBytes("a table's layout lies outside")
        size = _read_ushort(reader.bytes, place)[0]
        vtable = reader.bytes[place : place + size]
        if size < 4 or size % 2 or len(vtable) != size:
            raise BadBytes("a table's layout is none")
        known = self.by_vtable.get(vtable)
        if known is None:
            known = self.make(vtable)
            if len(self.by_vtable) >= LAYOUTS_MAX:
                self.by_vtable.clear()
            self.by_vtable[vtable] = known
        reader.known[place << 9 | self.number] = known
        return known

    def make(self, vtable: bytes) -> tuple[_Read, _ReadMany]:
        entries = struct.unpack_from(f"<{len(vtable) // 2 - 2}H", vtable, 4)
        present = sorted(
            (
                (place, self.slots[number])
                for number, place in enumerate(entries)
                if place and number in self.slots
            ),
            key=lambda one: one[0],
        )
        form, end, names = "<i", 4, ["_"]
        for place, slot in present:
            if place < end:
                raise BadBytes("fields of a table lie over each other")
            form += f"{place - end}x" + (slot.code or "I")
            end = place + slot.width
            wide = slot.part == "struct"
            names += [f"v{slot.number}_{i}" for i in (0, 1)] if wide else [f"v{slot.number}"]
        known: dict[str, Any] = {"unpack": struct.Struct(form).unpack_from, "uint": _read_uint}
        known |= {"table": self.table, "new": self.table.__new__, "later": _Later}
        known |= {"check_depth": _check_depth}
        found = {slot.number: place for place, slot in present}
        fields = ["o = new(table)"]
        for field in self.table._fields:
            fields += self.source_of(field, found, known)
        unpacked = f"{', '.join(names)}, = unpack(r.bytes, at)"
        one = ["def one(r, at, depth):", " check_depth(r, depth)", f" {unpacked}"]
        one += [f" {line}" for line in [*fields, "return o"]]
        many = ["def many(r, start, offsets, first, depth, found, vtable):"]
        many += [" depth += 1", " check_depth(r, depth)"]
        many += [" for i in range(first, len(offsets)):", "  at = start + 4 * i + offsets[i]"]
        many += [f"  {unpacked}", "  if at - _ != vtable: return i"]
        many += [f"  {line}" for line in [*fields, "found.append(o)"]]
        exec("\n".join([*one, *many, " return len(offsets)"]), known)
        return known["one"], known["many"]

    def source_of(self, field: Field, found: dict[int, int], known: dict[str, Any]) -> list[str]:
        """Lines that set one field of the object."""
        number, place, target = field.id, found.get(field.id), f"o.{field.name} = "
        if field.kind == "union":
            return self.source_of_union(field, found, known)
        if place is None:
            if field.many:
                return [target + ('b""' if field.of == "ubyte" else "[]")]
            scalar = field.kind in ("scalar", "enum")
            known[f"default{number}"] = _default_of(field) if scalar else None
            return [f"{target}default{number}"]
        at = f"at + {place}"
        if field.many:
            return [target + self.list_source(field, at, known)]
        if field.kind == "text":
            return [f"{target}r.read_text({at})"]
        if field.kind == "table":
            known[f"read{number}"] = _reader_of(getattr(schema, field.of))
            where = f"{at} + v{number}, depth + 1"
            if LATER.get(self.table.__name__) == field.name:
                return [f"o._later = {field.name!r}, later(read{number}, r, {where})"]
            return [f"{target}read{number}(r, {where})"]
        if field.kind == "struct":
            known["UUID"] = uuid.UUID
            return [f"{target}UUID(int=v{number}_0 << 64 | v{number}_1)"]
        if field.kind == "enum":
            known[f"enum{number}"] = getattr(schema, field.of)
            known[f"values{number}"] = _values_of(field.of)
            return [
                f"v = values{number}.get(v{number})",
                f"{target}enum{number}(v{number}) if v is None else v",
            ]
        return [f"{target}v{number}"]

    def list_source(self, field: Field, at: str, known: dict[str, Any]) -> str:
        if field.kind == "text":
            return f"[r.read_text(p) for p in r.places({at})]"
        if field.kind == "table":
            known[f"read{field.id}"] = _reader_of(getattr(schema, field.of)).read_list
            return f"read{field.id}(r, {at}, depth)"
        if field.of == "ubyte":
            return f"r.read_bytes({at})"
        numbers = f"r.read_numbers({at}, {_scalar(field)[0]!r})"
        if field.kind != "enum":
            return numbers
        known[f"enum{field.id}"] = getattr(schema, field.of)
        return f"[enum{field.id}(v) for v in {numbers}]"

    def source_of_union(
        self, field: Field, found: dict[int, int], known: dict[str, Any]
    ) -> list[str]:
        """A kind without its value, and one that nobody knows, are refused."""
        at = found.get(field.id)
        known[f"members{field.id}"] = _Members(field.of)
        number = f"v{field.id - 1}" if field.id - 1 in found else "0"
        value = "0" if at is None else f"at + {at}"
        return [f"o.{field.name} = members{field.id}.read(r, {number}, {value}, depth)"]


class _Later:
    """A part that is read when it is first asked for; it may be damaged then."""

    __slots__ = ("read", "reader", "at", "depth")

    def __init__(self, read: _Read, reader: _Reader, at: int, depth: int) -> None:
        self.read, self.reader, self.at, self.depth = read, reader, at, depth

    def __call__(self) -> Any:
        try:
            return self.read(self.reader, self.at, self.depth)
        except (BadBytes, struct.error, UnicodeDecodeError, IndexError) as wrong:
            raise no_answer(f"a part of it is damaged, {wrong}") from wrong


def _check_depth(reader: _Reader, depth: int) -> None:
    reader.tables -= 1
    if reader.tables < 0 or depth > DEPTH_MAX:
        raise BadBytes("it holds more than any message")


class _Members:
    """Reads whatever a union holds."""

    def __init__(self, name: str) -> None:
        self.readers = [_reader_of(member) for member in Table._unions[name]]

    def read(self, reader: _Reader, number: int, at: int, depth: int) -> Any:
        if (number == 0) != (at == 0):
            raise BadBytes("a kind lacks its value")
        if number == 0:
            return None
        if number > len(self.readers):
            raise BadBytes("it holds something this client does not know")
        at += _read_uint(reader.bytes, at)[0]
        return self.readers[number - 1](reader, at, depth + 1)


def _default_of(field: Field) -> Any:
    if field.default is None or field.kind == "enum":
        return field.default if field.default != 0 else getattr(schema, field.of)(0)
    return bool(field.default) if field.of == "bool" else field.default


def _values_of(enum: str) -> dict[int, Any]:
    return {int(value): value for value in getattr(schema, enum)}


_readers: dict[type[Table], _TableReader] = {}


def _reader_of(table: type[Table]) -> _TableReader:
    reader = _readers.get(table)
    if reader is None:
        reader = _readers[table] = _TableReader(table, len(_readers))
    return reader


def _place_in_root(data: bytes | bytearray, number: int) -> int:
    """Where a field of the root lies; 0: it is absent."""
    root = _read_uint(data, 0)[0]
    vtable = root - _read_int(data, root)[0]
    if vtable < 0:
        raise BadBytes("a table's layout lies outside")
    if 4 + 2 * number >= _read_ushort(data, vtable)[0]:
        return 0
    place = _read_ushort(data, vtable + 4 + 2 * number)[0]
    return root + place if place else 0


def peek(data: bytes, table: type[Table], *names: str) -> list[int]:
    """Numbers of 16 bits of the root, without a look at anything else."""
    fields = {field.name: field for field in table._fields}
    try:
        places = [(fields[name], _place_in_root(data, fields[name].id)) for name in names]
        return [_read_ushort(data, at)[0] if at else int(f.default) for f, at in places]
    except struct.error as wrong:
        raise BadBytes("its structure is damaged") from wrong


def place_of_bytes(data: bytearray, table: type[Table], name: str) -> tuple[int, int]:
    """Where the content of a list of bytes begins and ends, in what was packed here."""
    field = next(field for field in table._fields if field.name == name)
    at = _place_in_root(data, field.id)
    at += _read_uint(data, at)[0]
    return at + 4, at + 4 + _read_uint(data, at)[0]


def unpack(data: bytes, table: type[Table], tables_max: int) -> Any:
    """The message that these bytes are; its identifier has been looked at."""
    reader = _Reader(data, tables_max)
    try:
        return _reader_of(table)(reader, _read_uint(data, 0)[0], 0)
    except (struct.error, UnicodeDecodeError, IndexError) as wrong:
        raise BadBytes("its structure is damaged") from wrong
