#!/usr/bin/python3
"""Makes the lists of secret, personal and clearable fields from the attributes in the schema.

generate_marks.py FOLDER FILE.fbs ...: FOLDER/FILE_marks.h for each file that has some, and for
programs in other languages FOLDER/marks.json: of each mark every field that has it.
"""

import json
import os
import re
import sys
from collections import namedtuple

from declarations import declarations

VISITORS = {"secret": "visit_secrets", "personal": "visit_personal", "clearable": "visit_clearable"}
TEXTS = ("string", "[string]")
# What no message may carry unmarked, whether its name or its comment says so.
NAMES = re.compile(r"(^|_)(passwords?|secrets?|tokens?|passphrase)(_|$)|^key$")
COMMENTS = re.compile(r"(?:^|; )[Ss]ecret[.;:,]|Argon2id")
# A rule about passwords, which everybody may know.
EXCEPTED = ("password_forbidden_characters",)

Field = namedtuple("Field", "name type id marks comment")

HEADER = """// Made of {source} by generate_marks.py.
// visit_secrets, visit_personal and visit_clearable tell `visit` the name and the text of each
// field with that mark, whichever part of a message holds it: of the object form a std::string&;
// of a verified message a flatbuffers::String const*, null where there is none; of both forms side
// by side both, where the object has every table that the message has.
#pragma once

#include <string_view>

{includes}
namespace postern::schema {{

{body}}}  // namespace postern::schema
"""


class Schema:
    """The tables and unions of all files."""

    def __init__(self, texts):
        self.tables, self.unions, self.file_of, self.includes = {}, {}, {}, {}
        for file, text in texts.items():
            self.includes[file] = re.findall(r'^include "(\w+)\.fbs";', text, re.M)
            comments = comments_of(text)
            for kind, (name, *_), parts in filter(lambda d: d[1], declarations(text)):
                self.file_of[name] = file
                if kind == "union":
                    self.unions[name] = [part[0] for part in parts]
                elif kind == "table":
                    self.tables[name] = [
                        field_of(part, comments.get((name, part[0]), "")) for part in parts
                    ]

    def holders(self, mark):
        """Names of the tables and unions that hold a marked text somewhere below."""
        found = set()
        while True:
            more = {
                name
                for name, fields in self.tables.items()
                if any(is_marked_text(f, mark) or inner(f) in found for f in fields)
            }
            more |= {name for name, members in self.unions.items() if found & set(members)}
            if more == found:
                return found
            found = more


def comments_of(text):
    """{(table, field): its comment}."""
    found, table, comment = {}, "", []
    for line in map(str.strip, text.splitlines()):
        if match := re.match(r"table (\w+)", line):
            table = match[1]
        if line.startswith("///"):
            comment.append(line.removeprefix("///").strip())
            continue
        if match := re.match(r"(\w+):", line):
            found[table, match[1]] = " ".join(comment)
        comment = []
    return found


def field_of(part, comment):
    """name : type [= default] ( id : n , mark , ... )"""
    text = " ".join(part)
    match = re.fullmatch(r"(\w+) : (\[ \w+ \]|\w+)(?: = \S+)? \( id : (\d+)((?: , \w+)*) \)", text)
    if not match:
        sys.exit(f"a field of the schema was not understood: {text}")
    marks = match[4].replace(" , ", " ").split()
    return Field(match[1], match[2].replace(" ", ""), int(match[3]), marks, comment)


def inner(field):
    return field.type.strip("[]")


def is_list(field):
    return field.type.startswith("[")


def is_marked_text(field, mark):
    return mark in field.marks and field.type in TEXTS


def check(schema):
    """Gives what is wrong with the marks."""
    for table, fields in schema.tables.items():
        has_list = any(field.name == "cleared" for field in fields)
        for field in fields:
            place = f"{table}.{field.name}"
            says_so = NAMES.search(field.name) or COMMENTS.search(field.comment)
            if says_so and field.type in TEXTS and field.name not in EXCEPTED:
                if "secret" not in field.marks:
                    yield f"{place}: its name or comment says that it is secret, no attribute does"
            for mark in field.marks:
                if mark not in VISITORS:
                    yield f"{place}: nobody knows what the attribute {mark} is for"
                elif field.type not in TEXTS and not (mark == "clearable" and has_list):
                    yield f"{place}: what is {mark} must be text"


class Writer:
    """Writes the functions of one file; what a function calls comes before it."""

    def __init__(self, schema, file):
        self.schema, self.file, self.lines = schema, file, []

    def write(self):
        for mark in VISITORS:
            self.mark, self.visit = mark, VISITORS[mark]
            self.found, self.done = self.schema.holders(mark), set()
            for name in sorted(self.found):
                self.write_holder(name)
        for name, fields in self.schema.tables.items():
            if self.schema.file_of[name] == self.file:
                self.write_clearable(name, fields)
        return "".join(f"{line}\n" for line in self.lines)

    def write_holder(self, name):
        if name in self.done or self.schema.file_of[name] != self.file:
            return
        self.done.add(name)
        if name in self.schema.unions:
            members = [m for m in self.schema.unions[name] if m in self.found]
            for member in members:
                self.write_holder(member)
            self.write_union(name, members)
            return
        fields = self.schema.tables[name]
        for field in fields:
            if inner(field) in self.found:
                self.write_holder(inner(field))
        self.write_function(f"{name}T& native", fields, self.of_native)
        self.write_function(f"const {name}T& native", fields, self.of_native)
        self.write_function(f"const {name}& table", fields, self.of_table)
        self.write_function(f"const {name}& table, {name}T& native", fields, self.of_both)

    def write_function(self, parameters, fields, lines_of):
        self.begin(parameters)
        for field in fields:
            if is_marked_text(field, self.mark) or inner(field) in self.found:
                self.lines += [f"  {line}" for line in lines_of(field)]
        self.end()

    def write_union(self, name, members):
        for const in ("", "const "):
            self.begin(f"{const}{name}Union& held")
            for member in members:
                self.lines.append(
                    f"  if (auto* native = held.As{member}()) {self.visit}(*native, visit);"
                )
            self.end()

    def of_native(self, field):
        place, call = f"native.{field.name}", self.visit
        if is_marked_text(field, self.mark):
            each = f"for (auto& text : {place}) " if is_list(field) else ""
            return [f'{each}visit("{field.name}", {"text" if each else place});']
        if inner(field) in self.schema.unions:
            return [f"{call}({place}, visit);"]
        if is_list(field):
            return [f"for (auto& entry : {place})", f"  if (entry) {call}(*entry, visit);"]
        return [f"if ({place}) {call}(*{place}, visit);"]

    def of_table(self, field):
        place, call = f"table.{field.name}()", self.visit
        if is_marked_text(field, self.mark):
            if not is_list(field):
                return [f'visit("{field.name}", {place});']
            return [
                f"if ({place} != nullptr)",
                f'  for (const auto* text : *{place}) visit("{field.name}", text);',
            ]
        if inner(field) in self.schema.unions:
            return [
                f"if (const auto* held = table.{field.name}_as_{member}()) {call}(*held, visit);"
                for member in self.schema.unions[inner(field)]
                if member in self.found
            ]
        if is_list(field):
            return [
                f"if ({place} != nullptr)",
                f"  for (const auto* entry : *{place}) {call}(*entry, visit);",
            ]
        return [f"if (const auto* held = {place}) {call}(*held, visit);"]

    def of_both(self, field):
        place, native, call = f"table.{field.name}()", f"native.{field.name}", self.visit
        each = [
            f"if ({place} != nullptr)",
            f"  for (flatbuffers::uoffset_t place = 0; place < {place}->size(); ++place)",
        ]
        if is_marked_text(field, self.mark):
            if not is_list(field):
                return [f'visit("{field.name}", {place}, {native});']
            return [*each, f'    visit("{field.name}", {place}->Get(place), {native}[place]);']
        if inner(field) in self.schema.unions:
            return [
                f"if (const auto* held = table.{field.name}_as_{member}()) "
                f"{call}(*held, *{native}.As{member}(), visit);"
                for member in self.schema.unions[inner(field)]
                if member in self.found
            ]
        if is_list(field):
            return [*each, f"    {call}(*{place}->Get(place), *{native}[place], visit);"]
        return [f"if (const auto* held = {place}) {call}(*held, *{native}, visit);"]

    def write_clearable(self, name, fields):
        names = [f'    "{field.name}",' for field in fields if "clearable" in field.marks]
        if not names or not any(field.name == "cleared" for field in fields):
            return
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        self.lines += [
            f"/// What may stand in the list `cleared` of {name}.",
            f"inline constexpr std::string_view clearable_in_{words}[] = {{",
            *names,
            "};",
            "",
        ]

    def begin(self, parameters):
        self.lines.append("template <class Visit>")
        self.lines.append(f"void {self.visit}({parameters}, Visit&& visit) {{")

    def end(self):
        self.lines += ["}", ""]


def marks_of(schema):
    """What marks.json holds."""
    return {
        mark: [
            {"table": table, "field": field.name, "id": field.id}
            for table, fields in schema.tables.items()
            for field in fields
            if mark in field.marks
        ]
        for mark in VISITORS
    }


def read_schema(paths):
    texts = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            texts[os.path.splitext(os.path.basename(path))[0]] = file.read()
    return Schema(texts)


def main(folder, *paths):
    schema = read_schema(paths)
    if problems := list(check(schema)):
        sys.exit("\n".join(problems))
    bodies = {file: Writer(schema, file).write() for file in schema.includes}
    for file, body in filter(lambda item: item[1], bodies.items()):
        names = [f"{name}_marks.h" for name in schema.includes[file] if bodies[name]]
        names = "".join(f'#include "{name}"\n' for name in [f"{file}_generated.h", *names])
        with open(os.path.join(folder, f"{file}_marks.h"), "w", encoding="utf-8") as out:
            out.write(HEADER.format(source=f"{file}.fbs", includes=names, body=body))
    with open(os.path.join(folder, "marks.json"), "w", encoding="utf-8") as out:
        out.write(json.dumps(marks_of(schema), indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
