#!/usr/bin/python3
"""What the schema declares, as data: for generators, and for programs that make messages of JSON.

shapes.py FILE.fbs ... prints it as JSON. Of a field: its name, id, type, the type's kind (scalar,
text, enum, struct, table, union), whether it is a list, its marks (secret, personal, clearable),
and a default where the schema names one, null where the field may be absent.
"""

import json
import sys

from declarations import declarations

SCALARS = (
    "bool byte ubyte short ushort int uint long ulong float double "
    "int8 uint8 int16 uint16 int32 uint32 int64 uint64"
).split()


def kind_of(name, shapes):
    if name in SCALARS:
        return "scalar"
    if name == "string":
        return "text"
    for kind in ("enum", "struct", "table", "union"):
        if name in shapes[f"{kind}s"]:
            return kind
    raise SystemExit(f"the schema has no type {name}")


def field_of(part):
    """name : type [= default] ( id : n , mark , ... )"""
    text = " ".join(part)
    head, _, attributes = text.partition(" ( ")
    name, _, declared = head.partition(" : ")
    declared, _, default = declared.partition(" = ")
    is_list = declared.startswith("[")
    field = {"name": name, "type": declared.strip("[] "), "list": is_list}
    attributes = attributes.rstrip(" )").split(" , ") if attributes else []
    for attribute in attributes:
        if attribute.startswith("id : "):
            field["id"] = int(attribute.removeprefix("id : "))
    field["marks"] = [a for a in attributes if not a.startswith("id : ")]
    if default:
        # Of an enum it is a name, which is no JSON.
        literal = default in ("null", "true", "false") or default[0].isdigit()
        field["default"] = json.loads(default) if literal else default
    return field


def values_of(parts):
    values, next_value = {}, 0
    for part in parts:
        if len(part) > 1:
            next_value = int(part[2])
        values[part[0]] = next_value
        next_value += 1
    return values


def read_shapes(paths):
    shapes = {"tables": {}, "structs": {}, "enums": {}, "unions": {}}
    for path in sorted(paths):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for kind, head, parts in declarations(text):
            if kind in ("table", "struct"):
                shapes[f"{kind}s"][head[0]] = [field_of(part) for part in parts]
            elif kind == "enum":
                shapes["enums"][head[0]] = values_of(parts)
            elif kind == "union":
                shapes["unions"][head[0]] = [part[0] for part in parts]
    for fields in [*shapes["tables"].values(), *shapes["structs"].values()]:
        for field in fields:
            field["kind"] = kind_of(field["type"], shapes)
    return shapes


if __name__ == "__main__":
    print(json.dumps(read_shapes(sys.argv[1:]), indent=1))
