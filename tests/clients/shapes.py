#!/usr/bin/python3
"""The schema as JSON, for adapters that turn JSON into messages: README.md says how it looks.

shapes.py PROJECT
"""

import json
import os
import sys

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


def default_of(text):
    return {"null": None, "true": True, "false": False}.get(text) if not text[0].isdigit() else int(
        text
    )


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
        known = default in ("null", "true", "false") or default[0].isdigit()
        field["default"] = default_of(default) if known else default
    return field


def values_of(parts):
    values, next_value = {}, 0
    for part in parts:
        if len(part) > 1:
            next_value = int(part[2])
        values[part[0]] = next_value
        next_value += 1
    return values


def read_shapes(project):
    sys.path.insert(0, os.path.join(project, "schema"))
    from declarations import declarations

    shapes = {"tables": {}, "structs": {}, "enums": {}, "unions": {}}
    folder = os.path.join(project, "schema")
    for file in sorted(n for n in os.listdir(folder) if n.endswith(".fbs")):
        with open(os.path.join(folder, file), encoding="utf-8") as opened:
            text = opened.read()
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


def main(project):
    print(json.dumps(read_shapes(project), indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
