#!/usr/bin/python3
"""Makes secrets.h from the schema: every field whose comment says that it is secret.

A comment says so by a sentence "Secret." or a remark "; secret": the word, then a mark. So who adds
such a field has it wiped, hashed around and blanked everywhere, without a list to remember.
"""

import re
import sys

MARK = re.compile(r"(?:^|; )[Ss]ecret[.;:,]")
# What no message may carry undeclared.
NAMES = ("password", "current_password", "password_confirmation", "token", "secret", "secrets")


def read_schema(texts):
    """Gives ({table: [(field, type, secret)]}, {union: [table]}) of all files."""
    tables, unions = {}, {}
    for text in texts:
        for kind, name, body in re.findall(
            r"^(table|union) (\w+) \{(\}|.*?^\})", text, re.S | re.M
        ):
            if kind == "union":
                lines = [line.split("//")[0] for line in body.splitlines()]
                unions[name] = [word for line in lines for word in re.findall(r"\w+", line)]
                continue
            fields = tables.setdefault(name, [])
            comment = []
            for line in body.splitlines():
                line = line.strip()
                if line.startswith("///"):
                    comment.append(line.removeprefix("///").strip())
                elif match := re.match(r"(\w+):(\[?\w+\]?)", line):
                    secret = bool(MARK.search(" ".join(comment)))
                    fields.append((match[1], match[2], secret))
                    comment = []
    found = sum(len(fields) for fields in tables.values())
    if found != sum(len(re.findall(r"\(id: \d+\)", text)) for text in texts):
        sys.exit("not every field of the schema was understood")
    return tables, unions


def check(tables):
    for table, fields in tables.items():
        for name, kind, secret in fields:
            if secret and kind not in ("string", "[string]"):
                sys.exit(f"{table}.{name}: a secret must be text")
            if name in NAMES and kind in ("string", "[string]") and not secret:
                sys.exit(f"{table}.{name}: its comment must say that it is secret")


def holders(tables, unions):
    """Names of the tables and unions that hold a secret somewhere below."""
    found = {name for name, fields in tables.items() if any(secret for _, _, secret in fields)}
    while True:
        more = {
            name
            for name, fields in tables.items()
            if any(kind.strip("[]") in found for _, kind, _ in fields)
        }
        more |= {name for name, members in unions.items() if found & set(members)}
        if more <= found:
            return found
        found |= more


class Writer:
    def __init__(self, tables, unions):
        self.tables, self.unions = tables, unions
        self.found = holders(tables, unions)
        self.done, self.lines = set(), []

    def write(self, name):
        """What `name` rests on comes first."""
        if name in self.done:
            return
        self.done.add(name)
        if name in self.unions:
            members = [member for member in self.unions[name] if member in self.found]
            for member in members:
                self.write(member)
            self.write_union(name, members)
        else:
            for _, kind, _ in self.tables[name]:
                if kind.strip("[]") in self.found:
                    self.write(kind.strip("[]"))
            self.write_table(name)

    def write_union(self, name, members):
        self.begin(f"{name}Union& held")
        for member in members:
            self.lines.append(f"  if (auto* table = held.As{member}())")
            self.lines.append("    visit_secrets(*table, visit);")
        self.end()

    def write_table(self, name):
        self.begin(f"{name}T& table")
        for field, kind, secret in self.tables[name]:
            inner, is_list = kind.strip("[]"), kind.startswith("[")
            if secret and is_list:
                self.lines.append(f'  for (auto& text : table.{field}) visit("{field}", text);')
            elif secret:
                self.lines.append(f'  visit("{field}", table.{field});')
            elif inner in self.unions and inner in self.found:
                self.lines.append(f"  visit_secrets(table.{field}, visit);")
            elif inner in self.found:
                self.lines += self.at(f"table.{field}", is_list)
        self.end()
        self.begin(f"const {name}& table")
        for field, kind, secret in self.tables[name]:
            inner, is_list = kind.strip("[]"), kind.startswith("[")
            if secret and is_list:
                self.lines.append(f"  if (table.{field}() != nullptr)")
                self.lines.append(
                    f'    for (const auto* text : *table.{field}()) visit("{field}", text);'
                )
            elif secret:
                self.lines.append(f'  visit("{field}", table.{field}());')
            elif inner in self.unions and inner in self.found:
                for member in self.unions[inner]:
                    if member in self.found:
                        self.lines += self.at(f"table.{field}_as_{member}()", False)
            elif inner in self.found:
                self.lines += self.at(f"table.{field}()", is_list)
        self.end()

    @staticmethod
    def at(place, is_list):
        if is_list and place.endswith(")"):
            return [
                f"  if ({place} != nullptr)",
                f"    for (const auto* entry : *{place}) visit_secrets(*entry, visit);",
            ]
        if is_list:
            return [
                f"  for (auto& entry : {place})",
                "    if (entry) visit_secrets(*entry, visit);",
            ]
        return [f"  if (const auto& held = {place}) visit_secrets(*held, visit);"]

    def begin(self, parameter):
        self.lines.append("template <class Visit>")
        self.lines.append(f"void visit_secrets({parameter}, Visit&& visit) {{")

    def end(self):
        self.lines += ["}", ""]


def main(target, *sources):
    texts = []
    for source in sources:
        with open(source, encoding="utf-8") as file:
            texts.append(file.read())
    tables, unions = read_schema(texts)
    check(tables)
    writer = Writer(tables, unions)
    for name in sorted(writer.found):
        writer.write(name)
    with open(target, "w", encoding="utf-8") as file:
        file.write(
            "// Made from the schema by generate_secrets.py.\n"
            "// visit_secrets tells `visit` the name and the text of each secret in a message,\n"
            "// whichever part of it holds it: a std::string& of the object form; of a verified\n"
            "// message a flatbuffers::String const*, null where there is none.\n"
            "#pragma once\n\n"
            '#include "command_generated.h"\n#include "history_generated.h"\n'
            '#include "query_generated.h"\n\n'
            "namespace postern::schema {\n\n" + "\n".join(writer.lines) + "\n"
            "}  // namespace postern::schema\n"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
