"""Every check: a function from the tree of files to the problems it finds."""

import json
import os
import re

from includes import check_includes, check_unused_edges
from lengths import check_file_length, check_function_length
from schema_change import check_schema_changes
from schema_readers import read_codes
from tree import lines

CODE = (".h", ".cpp", ".fbs", ".py", ".sh", ".cmake", "CMakeLists.txt", ".ts", ".mts", ".mjs")
SCRIPTS = ("tools/run", "tools/test", ".ci/run")
LINE_LENGTH_MAX = 100

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
    "LICENSE", "SECURITY.md", "daemon", "schema", "tools", "replay", "tests", "packaging",
}  # fmt: skip

# Written in two pieces, so that this file passes its own check.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SLEEPS = re.compile(r"sleep" r"_for|sleep" r"_until|\bu?sleep\s*\(|\bsle" r"ep [0-9]")
PLACES = re.compile(
    r"/home/\w|/Users/\w|/roo" r"t/|/wor" r"k/|\.\./sha" r"red|https?://(deb|registry)\."
)
USING_STD = re.compile(r"using\s+name" r"space\s+std\s*;")


def check_line_length(tree):
    for path, number, line in lines(tree, CODE + SCRIPTS):
        if len(line) > LINE_LENGTH_MAX:
            yield f"{path}:{number}: {len(line)} characters; {LINE_LENGTH_MAX} are the limit"


def check_banned_words(tree):
    for path, number, line in lines(tree):
        place = f"{path}:{number}"
        if MARKS.search(line):
            yield f"{place}: a leftover mark; do it, or write an issue"
        if path.startswith("tests/") and SLEEPS.search(line):
            yield f"{place}: a test waits on the thing itself, it does not sleep"
        if path != ".ci/run" and PLACES.search(line):
            yield f"{place}: a place on one machine"
        if path.endswith((".h", ".cpp")) and USING_STD.search(line):
            yield f"{place}: name what is used from std"


FIELD = re.compile(r"^\s*(\w+)\s*:\s*[^;]+;")
BLOCK = re.compile(r"^(table|struct|enum|union)\b")


def check_schema_fields(tree):
    block = ""
    for path, number, line in lines(tree, (".fbs",), ("schema/",)):
        if path.startswith("schema/released/"):
            continue
        code = line.split("//")[0]
        found = BLOCK.match(code)
        block = found[1] if found else block
        if block == "table" and FIELD.match(code) and not re.search(r"\(.*\bid\s*:\s*\d+", code):
            yield f"{path}:{number}: a field without an explicit id"
        for word in ("required", "nested_flatbuffer"):
            if re.search(rf"\([^)]*\b{word}\b", code):
                yield f"{path}:{number}: {word} cannot be taken back"


def code_rows(fbs_text):
    """The manual's table of codes, one row for each."""
    for name, number, sentence, remedy in read_codes(fbs_text):
        yield f"| {number} | `{name}` | {sentence} | {remedy} |"


def check_codes(tree):
    common = tree["schema/common.fbs"]
    body = re.search(r"enum Code\s*:\s*ushort\s*\{(.*?)\n\}", common, re.S)[1]
    named = re.findall(r"^\s*(\w+)\s*=\s*(\d+)", body, re.M)
    try:
        rows = list(code_rows(common))
    except ValueError:
        yield 'schema/common.fbs: a code\'s comment reads "what is so. Remedy: what to do."'
        return
    read = [re.match(r"\| (\d+) \| `(\w+)`", row) for row in rows]
    for name, number in named:
        if (number, name) not in [(r[1], r[2]) for r in read]:
            yield f"schema/common.fbs: {name} has no sentence and remedy"
    numbers = [number for _, number in named]
    for number in sorted({n for n in numbers if numbers.count(n) > 1}):
        yield f"schema/common.fbs: the number {number} stands twice"
    manual = tree.get("schema/README.md", "").splitlines()
    for row in rows:
        if row not in manual:
            yield f"schema/README.md: the table of codes lacks this row:\n{row}"
    for line in manual:
        if re.match(r"\| \d+ \| `\w+` \|", line) and line not in rows:
            yield f"schema/README.md: no code of the schema reads so:\n{line}"


RULE_NAME = re.compile(r"\b([TUCSANLDOKQH]\d{1,2})_[a-z]\w*")
CASES = "tests/clients/cases/"
TEST_NAME = re.compile(
    r"^\s*(?:BOOST_\w*TEST_CASE\w*\(\s*|def (?:test_)?|add_test\(NAME |NAME )(\w+)", re.M
)


def rule_tests(tree):
    """Yields (rule, test's name, path) for each test that is named after a rule."""
    for path, text in tree.items():
        for name in test_names(path, text):
            found = RULE_NAME.match(name)
            if found:
                yield found[1], name, path


def test_names(path, text):
    """Of a test program's source, or of a list of cases that one plays."""
    if path.startswith("tests/") and path.endswith((".cpp", ".py", "CMakeLists.txt")):
        return [test[1] for test in TEST_NAME.finditer(text)]
    if path.startswith(CASES) and path.endswith(".json"):
        return [case["name"] for case in json.loads(text)["cases"]]
    return []


def check_rule_names(tree):
    rules = tree["tests/rules.txt"].split()
    for rule, test, path in rule_tests(tree):
        if rule not in rules:
            yield f"{path}: {test} is named after no rule of tests/rules.txt"


def check_top_level(entries):
    """Takes the names at the top of the project."""
    for name in sorted(entries):
        ours = name in TOP_LEVEL or name.startswith(".")
        if not ours and name not in ("build", "var") and not name.startswith("build-"):
            yield f"{name}: the top level is fixed; it belongs into a folder"


SUBJECT_LENGTH_MAX = 72
# Older commits that are longer; what is written stays.
SUBJECTS_LONGER = 38


def check_subjects(subjects):
    """Takes the first lines of all commits, the newest first."""
    longer = [subject for subject in subjects if len(subject) > SUBJECT_LENGTH_MAX]
    for subject in longer[: max(len(longer) - SUBJECTS_LONGER, 0)]:
        yield f"the commit '{subject}': {SUBJECT_LENGTH_MAX} characters are the limit"


LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def check_links(tree):
    """A link of a document leads to a file or folder of the project."""
    for path, number, line in lines(tree, (".md",)):
        for link in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            target = os.path.normpath(os.path.join(os.path.dirname(path), link))
            if not any(known == target or known.startswith(target + "/") for known in tree):
                yield f"{path}:{number}: {link} leads nowhere"


CHECKS = {
    "includes": check_includes,
    "unused_edges": check_unused_edges,
    "line_length": check_line_length,
    "file_length": check_file_length,
    "function_length": check_function_length,
    "banned_words": check_banned_words,
    "schema_fields": check_schema_fields,
    "schema_changes": check_schema_changes,
    "codes": check_codes,
    "rule_names": check_rule_names,
    "links": check_links,
}
