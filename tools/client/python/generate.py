#!/usr/bin/python3
"""Makes the typed messages of the Python client from the schema.

generate.py FOLDER FILE.fbs ...: FOLDER/schema.py, a class for each table that a client sends or
receives, each enum, each union; which fields are secret says the schema's attribute. And
FOLDER/codes.py, every code's sentence and remedy.
"""

import os
import re
import sys

ROOTS = (
    "CommandMessage",
    "Receipt",
    "Query",
    "Answer",
    "HistoryRequest",
    "HistoryPage",
    "Record",
    "DecisionReceipt",
)
PYTHON = {"bool": "bool"}
LINE_MAX = 100

HEAD = '''"""The protocol's messages, made from schema/*.fbs by generate.py.

What each field means stands there. Where a field may be absent it is None; an absent list is an
empty one. A secret is not shown.
"""

# ruff: noqa
from __future__ import annotations

import enum
import uuid
from typing import ClassVar, Union

from ._table import Enum, Field, Table

'''


def words_of(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Writer:
    def __init__(self, shapes, comments):
        self.shapes, self.comments = shapes, comments

    def reachable(self):
        """Tables, enums and unions that the roots hold, what is held before what holds it."""
        order, seen = [], set()

        def visit(name, kind):
            if name in seen:
                return
            seen.add(name)
            if kind == "table":
                for field in self.shapes["tables"][name]:
                    visit(field["type"], field["kind"])
            elif kind == "union":
                for member in self.shapes["unions"][name]:
                    visit(member, "table")
            if kind in ("table", "enum", "union"):
                order.append((name, kind))

        for root in ROOTS:
            visit(root, "table")
        return order

    def write(self):
        order = self.reachable()
        parts = [HEAD]
        for kind in ("enum", "table", "union"):
            for name, of in order:
                if of == kind:
                    parts.append(getattr(self, kind)(name))
        names = sorted(name for name, _ in order)
        parts.append("__all__ = [\n" + "".join(f'    "{name}",\n' for name in names) + "]\n")
        return "\n".join(parts)

    def enum(self, name):
        lines = [f"class {name}(Enum):"]
        lines += [f"    {safe(v)} = {number}" for v, number in self.shapes["enums"][name].items()]
        return "\n".join(lines) + "\n\n"

    def union(self, name):
        members = self.shapes["unions"][name]
        listed = "".join(f"    {member},\n" for member in members)
        return (
            f"{name} = Union[\n{listed}]\n"
            f"Table._unions[\"{name}\"] = (\n{listed})\n"
        )

    def table(self, name):
        fields = self.shapes["tables"][name]
        lines = [f"class {name}(Table):"]
        lines += docstring(self.comments.get(name))
        slots = "".join(f"        \"{safe(f['name'])}\",\n" for f in fields)
        lines.append(f"    __slots__ = (\n{slots}    )" if fields else "    __slots__ = ()")
        lines.append("    _fields: ClassVar[tuple[Field, ...]] = (")
        lines += [f"        {self.description(f)}," for f in fields]
        lines.append("    )\n")
        if fields:
            lines.append("    def __init__(\n        self,\n        *,")
            lines += [f"        {safe(f['name'])}: {self.annotation(f)}," for f in fields]
            lines.append("    ) -> None:")
            lines += [f"        self.{safe(f['name'])} = {self.taken(f)}" for f in fields]
            lines.append("")
        names = {f["name"] for f in fields}
        if {"allowed", "reason"} <= names:
            lines += ["    def __bool__(self) -> bool:", "        return self.allowed", ""]
        if "code" in names and name in ROOTS:
            lines += ["    @property", "    def ok(self) -> bool:"]
            lines += ["        return self.code == Code.ok", ""]
        return "\n".join(lines) + "\n"

    def type_of(self, field):
        kind, of = field["kind"], field["type"]
        if kind == "scalar":
            return "bytes" if of == "ubyte" and field["list"] else PYTHON.get(of, "int")
        return {"text": "str", "struct": "uuid.UUID"}.get(kind, of)

    def annotation(self, field):
        one = self.type_of(field)
        if one == "bytes":
            return 'bytes = b""'
        if field["list"]:
            return f"list[{one}] | None = None"
        default = self.default_of(field)
        return f"{one} | None = None" if default == "None" else f"{one} = {default}"

    def taken(self, field):
        name = safe(field["name"])
        if field["list"] and self.type_of(field) != "bytes":
            return f"[] if {name} is None else {name}"
        return name

    def default_of(self, field):
        if field["kind"] not in ("scalar", "enum"):
            return "None"
        if "default" in field:
            given = field["default"]
            if field["kind"] == "enum" and given is not None:
                return f"{field['type']}.{safe(given)}"
            return str(given)
        if field["kind"] == "enum":
            values = {n: v for v, n in self.shapes["enums"][field["type"]].items()}
            return f"{field['type']}.{safe(values[0])}"
        return "False" if field["type"] == "bool" else "0"

    def description(self, field):
        kind = field["kind"]
        of = field["type"] if kind != "text" else ""
        default = self.default_of(field) if not field["list"] and kind in ("scalar", "enum") else ""
        extra = f", default={default}" if default not in ("", "0", "False") else ""
        extra += ", many=True" if field["list"] else ""
        extra += "".join(f", {mark}=True" for mark in field["marks"] if mark != "clearable")
        return f"Field(\"{safe(field['name'])}\", {field['id']}, \"{kind}\", \"{of}\"{extra})"


def safe(name):
    """`none` and the like are names in Python too; only its own words are not."""
    import keyword

    return name + "_" if keyword.iskeyword(name) else name


def docstring(comment):
    if not comment:
        return []
    lines, line = [], '    """'
    for word in comment.replace("\\", "\\\\").split():
        if len(line) + len(word) + 1 > LINE_MAX - 3:
            lines.append(line)
            line = "    " + word
        else:
            line += word if line.endswith('"""') else " " + word
    return [*lines, line + '"""', ""]


def comments_of(text):
    """{table: what stands above it}."""
    found, comment = {}, []
    for line in map(str.strip, text.splitlines()):
        if match := re.match(r"table (\w+)", line):
            found[match[1]] = " ".join(comment)
        comment = [*comment, line[3:].strip()] if line.startswith("///") else []
    return found


def codes_module(text):
    from generate_codes import read_codes

    rows = "".join(
        f"    {number}: (\n        {sentence!r},\n        {remedy!r},\n    ),\n"
        for _, number, sentence, remedy in read_codes(text)
    )
    return (
        '"""What each code means and what to do, made from schema/common.fbs by generate.py."""\n\n'
        f"TEXTS: dict[int, tuple[str, str]] = {{\n{rows}}}\n"
    )


def main(folder, *paths):
    sys.path.insert(0, os.path.dirname(os.path.abspath(paths[0])))
    from shapes import read_shapes

    comments, codes = {}, ""
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        comments |= comments_of(text)
        if os.path.basename(path) == "common.fbs":
            codes = codes_module(text)
    written = {"schema.py": Writer(read_shapes(paths), comments).write(), "codes.py": codes}
    for name, text in written.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
