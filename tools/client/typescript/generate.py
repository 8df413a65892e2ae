#!/usr/bin/python3
"""Makes src/generated/schema.ts of the schema's own files: types, layout, codes.

generate.py SCHEMA_FOLDER FILE. Of the attributes in the schema come the marks of each field, so
that what is secret is so for this client too; of enum Code its sentences and remedies.
"""

import os
import re
import sys
from collections import namedtuple

FILES = ("common", "event", "command", "query", "history")
# What a program writes; all that these reach may leave fields out.
WRITTEN = ("CommandMessage", "Query", "HistoryRequest")
INTEGERS = {"ushort": "u16", "uint": "u32", "ubyte": "u8"}
WIDE = {"ulong": "u64", "long": "i64"}
MARKS = ("secret", "personal", "clearable")

# TypeScript has a Record of its own.
TYPE_NAMES = {"Record": "JournalRecord"}

Field = namedtuple("Field", "name type default id marks comment")


def camel(name):
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


class Source:
    """The tables, enums and unions of all files, in their order, with their comments."""

    def __init__(self, folder):
        sys.path.insert(0, folder)
        from declarations import declarations
        from generate_codes import read_codes

        self.tables, self.enums, self.unions, self.comments = {}, {}, {}, {}
        for file in FILES:
            with open(os.path.join(folder, f"{file}.fbs"), encoding="utf-8") as opened:
                text = opened.read()
            self.read_comments(text)
            for kind, head, parts in declarations(text):
                self.add(kind, head, parts)
            if file == "common":
                self.codes = list(read_codes(text))
        self.constants = read_constants(folder)

    def read_comments(self, text):
        """Of what is declared: under its name; of a field or value: under (name, its own)."""
        holder, comment = "", []
        for line in map(str.strip, text.splitlines()):
            if line.startswith("///"):
                comment.append(line.removeprefix("///").strip())
                continue
            if match := re.match(r"(?:table|struct|enum|union) (\w+)", line):
                holder = match[1]
                self.comments[holder] = " ".join(comment)
            elif match := re.match(r"(\w+)\s*(?::| =|,)", line):
                self.comments[holder, match[1]] = " ".join(comment)
            comment = []

    def add(self, kind, head, parts):
        name = head[0] if head else ""
        if kind == "table":
            self.tables[name] = [self.field(name, part) for part in parts]
        elif kind == "enum":
            if head[2] != ("ushort" if name == "Code" else "ubyte"):
                sys.exit(f"{name}: src/layout.ts knows no enum of this width")
            self.enums[name] = {part[0]: int(part[2]) for part in parts}
        elif kind == "union":
            self.unions[name] = [part[0] for part in parts]

    def field(self, table, part):
        """name : type [= default] ( id : n , mark , ... )"""
        text = " ".join(part)
        pattern = r"(\w+) : (\[ \w+ \]|\w+)(?: = (\S+))? \( id : (\d+)((?: , \w+)*) \)"
        match = re.fullmatch(pattern, text)
        if not match:
            sys.exit(f"a field of the schema was not understood: {text}")
        marks = match[5].replace(" , ", " ").split()
        kind = match[2].replace(" ", "")
        comment = self.comments.get((table, match[1]), "")
        return Field(match[1], kind, match[3], int(match[4]), marks, comment)

    def reached(self):
        """Every table that what is written may hold."""
        found, new = set(), set(WRITTEN)
        while new:
            found |= new
            names = {f.type.strip("[]") for table in new for f in self.tables[table]}
            names |= {m for name in names & set(self.unions) for m in self.unions[name]}
            new = (names & set(self.tables)) - found
        return found


def read_constants(folder):
    """The identifiers of root tables, and what a code says of a command's id."""
    with open(os.path.join(folder, "identifiers.h"), encoding="utf-8") as opened:
        text = opened.read()
    identifiers = re.findall(r'char (\w+)_identifier\[\] = "(\w{4})"', text)
    version = re.search(r"protocol_version = (\d+)", text)[1]
    with open(os.path.join(folder, "resending.h"), encoding="utf-8") as opened:
        rows = re.findall(r"\{Code::(\w+), Resending::(\w+)\}", opened.read())
    if not (identifiers and rows):
        sys.exit("identifiers.h or resending.h was not understood")
    return identifiers, version, rows


class Writer:
    def __init__(self, source):
        self.source, self.lines = source, []
        self.written = source.reached()

    def say(self, *lines):
        self.lines += lines

    def comment(self, text, indent=""):
        if not text:
            return
        words, rows = text.replace("*/", "* /").split(" "), [""]
        for word in words:
            if len(rows[-1]) + len(word) > 90:
                rows.append("")
            rows[-1] += (" " if rows[-1] else "") + word
        if len(rows) == 1:
            return self.say(f"{indent}/** {rows[0]} */")
        self.say(f"{indent}/**", *(f"{indent} * {row}" for row in rows), f"{indent} */")

    def type_of(self, name):
        if name.startswith("["):
            inner = name.strip("[]")
            return "Uint8Array" if inner == "ubyte" else f"{self.type_of(inner)}[]"
        if name in INTEGERS:
            return "number"
        if name in WIDE:
            return "bigint"
        return {"bool": "boolean", "string": "string", **TYPE_NAMES}.get(name, name)

    def is_absent(self, table, field):
        """It may be left out, and be missing from what is read."""
        if table in self.written or field.default == "null":
            return True
        kind = field.type
        return kind in self.source.tables or kind in self.source.unions or kind == "Uuid"

    def write_types(self):
        for name, values in self.source.enums.items():
            self.comment(self.source.comments.get(name, ""))
            known = "KnownCode" if name == "Code" else name
            self.say(f"export type {known} =")
            self.say(*(f"  | '{value}'" for value in values))
            self.say("  | Unknown;" if name != "Code" else "  ;", "")
        self.say("/** `ok`, or why something was refused, denied or failed. */")
        self.say("export type Code = KnownCode | Unknown;", "")
        for name, fields in self.source.tables.items():
            self.comment(self.source.comments.get(name, ""))
            self.say(f"export interface {TYPE_NAMES.get(name, name)} {{")
            for field in fields:
                self.comment(field.comment, "  ")
                mark = "?" if self.is_absent(name, field) else ""
                self.say(f"  {camel(field.name)}{mark}: {self.type_of(field.type)};")
            self.say("}", "")
        for name, members in self.source.unions.items():
            self.comment(self.source.comments.get(name, ""))
            rows = [f"  | ({{ type: '{member}' }} & {member})" for member in members]
            self.say(f"export type {name} =", *rows[:-1], f"{rows[-1]};", "")

    def default_of(self, field):
        """As the bytes say it where the field is not there."""
        if field.default in (None, "null"):
            return field.default or "undefined"
        if field.type in self.source.enums:
            return str(self.source.enums[field.type][field.default])
        return f"{field.default}n" if field.type in WIDE else field.default

    def row(self, table, field):
        kind = field.type
        for name, short in {**INTEGERS, **WIDE}.items():
            kind = kind if kind.strip("[]") != name else kind.replace(name, short)
        row = [f"'{field.name}'", f"'{kind}'", str(field.id)]
        marks = "".join(mark[0] for mark in MARKS if mark in field.marks)
        if field.default is not None or marks:
            row.append(self.default_of(field))
        if marks:
            row.append(f"'{marks}'")
        return f"    [{', '.join(row)}],"

    def write_layout(self):
        self.say("/** Name, type, id, default, marks (s: secret, p: personal, c: clearable). */")
        self.say("export type FieldRow = readonly [", "  name: string, type: string, id: number,")
        self.say("  absent?: number | bigint | boolean | null | undefined, marks?: string,")
        self.say("];", "")
        self.say("export const tables: { readonly [name: string]: readonly FieldRow[] } = {")
        for name, fields in self.source.tables.items():
            self.say(f"  {name}: [", *(self.row(name, field) for field in fields), "  ],")
        self.say("};", "", "/** Tables that a program writes: what is not there stays so. */")
        self.say("export const written: ReadonlySet<string> = new Set([")
        self.say(*(f"  '{name}'," for name in self.source.tables if name in self.written), "]);")
        self.say("", "export interface Values {", "  readonly [value: string]: number;", "}", "")
        self.say("export const enums: { readonly [name: string]: Values } = {")
        for name, values in self.source.enums.items():
            rows = [f"    {value}: {number}," for value, number in values.items()]
            self.say(f"  {name}: {{", *rows, "  },")
        self.say("};", "")
        self.say("export const unions: { readonly [name: string]: readonly string[] } = {")
        for name, members in self.source.unions.items():
            self.say(f"  {name}: [", *(f"    '{member}'," for member in members), "  ],")
        self.say("};", "")

    def write_functions(self):
        """What goes through a table's own names, which is several times faster than by layout."""
        unions = self.source.unions.values()
        members = list(dict.fromkeys(name for union in unions for name in union))
        self.say("/** A table's values, in the order of its rows, of an object that holds them. */")
        self.say("type Held = { readonly [name: string]: unknown };", "export const takers: {")
        self.say("  readonly [name: string]: (held: Held) => unknown[];", "} = {")
        for name, fields in self.source.tables.items():
            values = ", ".join(f"held['{camel(field.name)}']" for field in fields)
            self.say(f"  {name}: ({'held' if fields else ''}) => [{values}],")
        self.say("};", "", "/** An object of a table's values; what is secret is left out. */")
        self.write_makers("makers", self.source.tables, lambda name: [])
        self.say("/** The same of a union's member. */")
        self.write_makers("memberMakers", members, lambda name: [f"type: '{name}'"])

    def write_makers(self, variable, names, first):
        self.say(f"export const {variable}: {{")
        self.say("  readonly [name: string]: (v: unknown[]) => object;")
        self.say("} = {")
        for name in names:
            fields = enumerate(self.source.tables[name])
            shown = [f"{camel(f.name)}: v[{at}]" for at, f in fields if "secret" not in f.marks]
            parts = ", ".join(first(name) + shown)
            self.say(f"  {name}: ({'v' if shown else ''}) => ({{ {parts} }}),")
        self.say("};", "")

    def write_constants(self):
        identifiers, version, resendings = self.source.constants
        self.say(f"export const protocolVersion = {version};", "")
        self.say("/** File identifiers of the root tables. */", "export const identifiers = {")
        self.say(*(f"  {camel(name)}: '{text}'," for name, text in identifiers), "} as const;", "")
        self.say("/** What a receipt's code says of an id that was sent more than once. */")
        self.say("export type Resending = 'final' | 'try_again' | 'try_when_mended' | 'not_known';")
        self.say("", "/** Every code that is not final. */")
        self.say("export const resendings: { readonly [code: string]: Resending } = {")
        self.say(*(f"  {code}: '{says}'," for code, says in resendings), "};", "")
        self.say("/** What each code means, and what to do. */", "export const codeTexts: {")
        self.say("  readonly [code in KnownCode]: {")
        self.say("    number: number; sentence: string; remedy: string;", "  };")
        self.say("} = {")
        for name, number, sentence, remedy in self.source.codes:
            self.say(f"  {name}: {{", f"    number: {number},")
            self.say(f"    sentence: {quoted(sentence)},", f"    remedy: {quoted(remedy)},", "  },")
        self.say("};")

    def text(self):
        self.say("// Made of the schema by generate.py.", "")
        self.say("/** A value that a newer daemon knows and this client does not. */")
        self.say("export type Unknown = `unknown_${number}`;", "")
        self.say("/** 128 bits in the usual form: 0190d6c8-8a51-7b3e-9c2f-000000000001. */")
        self.say("export type Uuid = string;", "")
        self.write_types()
        self.write_layout()
        self.write_functions()
        self.write_constants()
        return "\n".join(self.lines) + "\n"


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def main(folder, target):
    sys.dont_write_bytecode = True
    text = Writer(Source(folder)).text()
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8") as out:
        out.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
