"""What the generated messages are made of."""

from __future__ import annotations

import enum
from typing import Any, ClassVar, NamedTuple


class Field(NamedTuple):
    """One field of a table, as the schema declares it."""

    name: str
    id: int
    #: scalar, text, enum, struct, table, union
    kind: str
    #: the scalar's width, or the name of the enum, table or union
    of: str
    #: what an absent field means; None: that it is absent
    default: Any = 0
    many: bool = False
    secret: bool = False
    personal: bool = False


class Enum(enum.IntEnum):
    """A value that a newer daemon knows has no name here, and is kept as the number it is."""

    @classmethod
    def _missing_(cls, value: object) -> Enum | None:
        if not isinstance(value, int) or not 0 <= value < 2**16:
            return None
        unknown = int.__new__(cls, value)
        unknown._name_ = f"unknown_{value}"
        unknown._value_ = value
        return unknown


class Table:
    """A message or a part of one. Secrets stay out of its text."""

    #: The name of a part that was not read yet, and what reads it.
    __slots__ = ("_later",)
    _fields: ClassVar[tuple[Field, ...]] = ()
    #: by the union's name, its members in the order of their numbers, from 1
    _unions: ClassVar[dict[str, tuple[type[Table], ...]]] = {}

    def __repr__(self) -> str:
        shown = []
        for field in self._fields:
            value = getattr(self, field.name)
            if value is None or value == [] or value == field.default:
                continue
            shown.append(f"{field.name}={'…' if field.secret else repr(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, f.name) == getattr(other, f.name) for f in self._fields)

    def __getattr__(self, name: str) -> Any:
        """The part that is read when it is first asked for."""
        try:
            part, read = object.__getattribute__(self, "_later")
        except AttributeError:
            part = None
        if part != name:
            raise AttributeError(f"{type(self).__name__} has no {name}")
        value = read()
        setattr(self, name, value)
        return value

    def __copy__(self) -> Any:
        other = type(self).__new__(type(self))
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    __hash__ = None  # type: ignore[assignment]
