#!/usr/bin/env python3
"""Moves what flatc writes inline for whole messages out of its headers, each into a .cpp beside it.

    split_bodies.py FOLDER NAME...

For each NAME, FOLDER/NAME_generated.h loses the bodies of the object API (packing, unpacking,
copying, comparing) and of the tables for reflection, and FOLDER/NAME_generated.cpp gets them. They
are compiled once, not in each file that unpacks a message. What reads a message in place, and what
verifies it, stays inline.
"""
import re
import sys
from pathlib import Path

MOVED = re.compile(
    r"""inline\ (?:
        \S.*\b\w+::(?:UnPack|UnPackTo|Pack|Reset)\(     # members of tables and unions
        | \S+\ Create\w+\(.*\bconst\ \w+T\ \*_o          # packing a whole table
        | (\w+)::\1\(const                               # copying
        | \w+\ &\w+::operator=\(
        | bool\ operator(?:==|!=)\(const\ \w+
        | const\ flatbuffers::TypeTable\ \*\w+TypeTable\(\)
    )""",
    re.VERBOSE,
)

# Those of enums and unions are declared nowhere else.
DECLARED_HERE = re.compile(r"TypeTable\(\) \{$| operator[!=]=")


def split(header: str, name: str) -> tuple[str, str]:
    """The header without the bodies, and the source that holds them."""
    kept, moved, body = [], [], None
    for line in header.splitlines():
        if body is not None:
            body.append(line)
            if line == "}":
                moved.append("\n".join(body))
                body = None
        elif not MOVED.match(line):
            kept.append(line)
        elif line.endswith(";"):
            kept.append(line.removeprefix("inline "))
        elif line.endswith("}"):
            moved.append(line.removeprefix("inline "))
        else:
            body = [line.removeprefix("inline ")]
            if DECLARED_HERE.search(line):
                kept.append(body[0].removesuffix(" {") + ";")
    if body is not None:
        raise SystemExit(f"split_bodies.py: {name}_generated.h: a body has no end: {body[0]}")
    # Default values are the declaration's.
    bodies = [re.sub(r"(\*_rehasher|\*_resolver) = nullptr\)", r"\1)", text) for text in moved]
    source = (
        f'#include "{name}_generated.h"\n\nnamespace postern {{\nnamespace schema {{\n\n'
        + "\n\n".join(bodies)
        + "\n\n}  // namespace schema\n}  // namespace postern\n"
    )
    return "\n".join(kept) + "\n", source


def main() -> None:
    folder, *names = sys.argv[1:]
    for name in names:
        path = Path(folder) / f"{name}_generated.h"
        header, source = split(path.read_text(), name)
        path.write_text(header)
        path.with_suffix(".cpp").write_text(source)


if __name__ == "__main__":
    main()
