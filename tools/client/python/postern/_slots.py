"""Where the fields of a table stand in FlatBuffers' layouts: what packing and reading share."""

from __future__ import annotations

from ._table import Field, Table

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


def scalar(field: Field) -> tuple[str, int]:
    """Format and size of a scalar or an enum's value."""
    return SCALARS[WIDE_ENUMS.get(field.of, "ubyte") if field.kind == "enum" else field.of]


class Slot:
    """One entry of a table's vtable: a field, or the number of a union's member."""

    def __init__(self, number: int, field: Field, part: str) -> None:
        self.number, self.field, self.part = number, field, part
        if part == "number":
            self.code, self.size = "B", 1
        elif part == "struct":
            self.code, self.size = "QQ", 8
        elif part == "scalar":
            self.code, self.size = scalar(field)
        else:
            self.code, self.size = "", 4

    @property
    def width(self) -> int:
        return 16 if self.part == "struct" else self.size


def slots_of(table: type[Table]) -> list[Slot]:
    slots = []
    for field in table._fields:
        if field.kind == "union":
            slots.append(Slot(field.id - 1, field, "number"))
            slots.append(Slot(field.id, field, "offset"))
        elif field.many or field.kind in ("text", "table"):
            slots.append(Slot(field.id, field, "offset"))
        else:
            slots.append(Slot(field.id, field, "struct" if field.kind == "struct" else "scalar"))
    return slots
