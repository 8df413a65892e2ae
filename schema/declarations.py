"""Reads what a schema file declares, for the generators here and the check against old versions."""

import re

TOKEN = re.compile(r'"[^"]*"|[\w.]+|[{}\[\]():;=,]')


def declarations(text):
    """Yields (kind, name with type and attributes, its parts); a part is a list of tokens."""
    tokens = TOKEN.findall(re.sub(r"//.*", "", text))
    place = 0
    while place < len(tokens):
        kind = tokens[place]
        if kind in ("table", "struct", "enum", "union"):
            opening = tokens.index("{", place)
            closing = tokens.index("}", opening)
            # What stands before the brace says how wide a value is, and how it is laid out.
            head = tuple(tokens[place + 1 : opening])
            yield kind, head, list(parts(tokens[opening + 1 : closing]))
            place = closing + 1
        else:
            end = tokens.index(";", place)
            if kind in ("root_type", "file_identifier"):
                yield kind, (), [tokens[place + 1 : end]]
            place = end + 1


def parts(tokens):
    """Fields end with a semicolon, values and members with a comma; not inside parentheses."""
    part, depth = [], 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if token in ";," and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part
