"""What may not change between two versions of the schema.

`flatc --conform` lets twelve damaging changes pass; here none does.
"""

import os
import re

from schema_readers import declarations

RELEASED = "schema/released/"


def field(part):
    """(id, (name, type and default)), with what may be added later left out."""
    text = " ".join(part)
    id = re.search(r"\bid : (\d+)", text)
    required = " required" if re.search(r"\brequired\b", text) else ""
    return int(id[1]) if id else None, re.sub(r" \(.*", "", text) + required


def kept(kind, old, new):
    """Whether every part of `old` stands in `new` where it stood."""
    if kind not in ("table", "union", "enum"):
        return old == new
    old, new = [field(part) for part in old], [field(part) for part in new]
    if all(id is not None or " = " in text for id, text in old):
        return set(old) <= set(new)
    return new[: len(old)] == old


def changes(old_text, new_text):
    """Yields what `new_text` takes away or alters of `old_text`."""
    new = {(kind, name): listed for kind, name, listed in declarations(new_text)}
    for kind, name, listed in declarations(old_text):
        if (kind, name) not in new or not kept(kind, listed, new[kind, name]):
            yield f"{kind} {' '.join(name)}".strip()
    for kind, name, listed in declarations(new_text):
        if kind == "table" and any(re.search(r"\( .*\brequired\b", " ".join(p)) for p in listed):
            yield f"{kind} {' '.join(name)}: required"


def check_schema_changes(tree):
    """Every released version against the schema as it is now."""
    for path, text in tree.items():
        if path.startswith(RELEASED) and path.endswith(".fbs"):
            current = f"schema/{os.path.basename(path)}"
            for change in changes(text, tree.get(current, "")):
                yield f"{current}: {change} is not as {path} promised"
