"""Bytes to messages (FlatBuffers), with every offset and length looked at.

For each layout of a table that arrives two functions that unpack it, one and many, are made when it
is first met; the README says why. Limits: LAYOUTS_MAX kept of a table, DEPTH_MAX, TEXT_BYTES_MAX,
and the tables that the caller allows. Failure: BadBytes.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from typing import Any

from . import schema
from ._slots import Slot, scalar, slots_of
from ._table import Field, Table
from .errors import no_answer


class BadBytes(Exception):
    """These bytes are no message of the schema."""


DEPTH_MAX = 16
LAYOUTS_MAX = 256
#: Text and bytes that are taken out of one message, however often it shares them.
TEXT_BYTES_MAX = 64 * 1_048_576
#: Read when it is first asked for: what most callers of a check never look at.
LATER = {"Decision": "grant"}

_read_uint = struct.Struct("<I").unpack_from
_read_int = struct.Struct("<i").unpack_from
_read_ushort = struct.Struct("<H").unpack_from


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


def _place_of(field: tuple[int, Slot]) -> int:
    return field[0]


class _TableReader:
    """Unpacks tables of one kind, whatever their layout."""

    def __init__(self, table: type[Table], number: int) -> None:
        self.table, self.number = table, number
        self.slots = {slot.number: slot for slot in slots_of(table)}
        self.by_vtable: dict[bytes, tuple[_Read, _ReadMany]] = {}

    def __call__(self, reader: _Reader, at: int, depth: int) -> Any:
        vtable = at - _read_int(reader.bytes, at)[0]
        known = reader.known.get(vtable << 12 | self.number) or self.learn(reader, vtable)
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
            known = reader.known.get(vtable << 12 | self.number) or self.learn(reader, vtable)
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
        reader.known[place << 12 | self.number] = known
        return known

    def make(self, vtable: bytes) -> tuple[_Read, _ReadMany]:
        entries = struct.unpack_from(f"<{len(vtable) // 2 - 2}H", vtable, 4)
        present = sorted(
            (
                (place, self.slots[number])
                for number, place in enumerate(entries)
                if place and number in self.slots
            ),
            key=_place_of,
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
        known |= {"int": _read_int, "error": struct.error}
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
        many += [" try:"]
        many += ["  for i in range(first, len(offsets)):", "   at = start + 4 * i + offsets[i]"]
        many += [f"   {unpacked}", "   if at - _ != vtable: return i"]
        many += [f"   {line}" for line in [*fields, "found.append(o)"]]
        # A shorter one with another layout may end the message.
        many += [" except error:", "  if at - int(r.bytes, at)[0] == vtable: raise", "  return i"]
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
            is_scalar = field.kind in ("scalar", "enum")
            known[f"default{number}"] = _default_of(field) if is_scalar else None
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
        numbers = f"r.read_numbers({at}, {scalar(field)[0]!r})"
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
    place: int = _read_ushort(data, vtable + 4 + 2 * number)[0]
    return int(root) + place if place else 0


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
