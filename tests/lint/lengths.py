"""Lengths that a reader can hold: of a file, of a function. What is longer yet stands in longer.txt
with its length, which may only fall."""

import re

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60

# Lines of it: the length, the file, and for a function its first line.
LIST = "tests/lint/longer.txt"

# What a line with an opening brace at its end begins, if it is no function.
OTHER_BLOCK = re.compile(
    r"[{}]|if\b|else\b|for\b|while\b|switch\b|do\b|try\b|catch\b|case\b|default\b|return\b"
    r"|(inline )?namespace\b|(class|struct|enum|union)\b|extern\b|typedef\b|using\b"
)
# Where the line before belongs to something else.
ENDS_BEFORE = re.compile(r"(^|[;{}:>])\s*$|^\s*(//|#|template\b|\[\[)")


def indent_of(row):
    return len(row) - len(row.lstrip(" "))


def head_of(rows, opening):
    """The first line of what begins with the brace at the end of this line."""
    head = opening
    while head > 0 and not ENDS_BEFORE.search(rows[head - 1]):
        head -= 1
    return head


def functions(text):
    """Yields (first line, its number, lines) of each function; what lies within counts with it."""
    rows = text.split("\n")
    number = 0
    while number < len(rows):
        opening = number
        number += 1
        if not rows[opening].endswith("{"):
            continue
        head = head_of(rows, opening)
        whole = " ".join(row.strip() for row in rows[head : opening + 1])
        is_table = re.search(r"= \{$|^[^(]* = ", whole)
        if OTHER_BLOCK.match(whole) or "(" not in whole or is_table:
            continue
        closing = " " * indent_of(rows[head]) + "}"
        end = next((at for at in range(number, len(rows)) if rows[at] == closing), None)
        if end is not None:
            yield rows[head].strip(), head + 1, end - head + 1
            number = end + 1


def allowed_lengths(tree):
    rows = (row.split(" ", 1) for row in tree.get(LIST, "").splitlines())
    return {name: int(length) for length, name in rows}


def check_lengths(tree, measured, limit):
    """Takes (name, place, length) of each thing measured."""
    allowed = allowed_lengths(tree)
    for name, place, length in measured:
        if length > allowed.get(name, limit):
            yield f"{place}: {length} lines; {allowed.get(name, limit)} are the limit"
        elif length < allowed.get(name, 0):
            yield f"{LIST}: {name} has {length} lines now: say so, or take it out"


def code_of(tree):
    return {path: text for path, text in tree.items() if path.endswith((".h", ".cpp"))}


def check_file_length(tree):
    measured = [(path, path, text.count("\n")) for path, text in code_of(tree).items()]
    yield from check_lengths(tree, measured, FILE_LINES_MAX)


def check_function_length(tree):
    measured = [(f"{path} {name}", f"{path}:{number}: {name}", length)
                for path, text in code_of(tree).items()
                for name, number, length in functions(text)]  # fmt: skip
    yield from check_lengths(tree, measured, FUNCTION_LINES_MAX)
    known = {name for name, _, _ in measured} | set(tree)
    yield from (f"{LIST}: {name}: there is none" for name in allowed_lengths(tree)
                if name not in known)  # fmt: skip


def longest(tree, count):
    """The longest files and functions, a line for each."""
    code = code_of(tree)
    files = [(text.count("\n"), path) for path, text in code.items()]
    inside = [(length, f"{path}:{number}: {name}")
              for path, text in code.items()
              for name, number, length in functions(text)]  # fmt: skip
    for title, found in (("files", files), ("functions", inside)):
        lengths = sorted(length for length, _ in found)
        yield f"{len(found)} {title}, the median has {lengths[len(lengths) // 2]} lines"
        yield from (f"{length:6}  {name}" for length, name in sorted(found, reverse=True)[:count])
