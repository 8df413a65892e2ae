#!/usr/bin/python3
"""Holds every command that a document names in running text, and each example of --help and so of
the man pages, against the programs' own help.

mentions.py BIN PROJECT. A command is what stands in `…`, or in a source file in '…', and begins
with the name of one of the programs: its verbs and options must be ones that `--help` knows. Words
in capitals, <…> and … stand for something. What stands in blocks is run elsewhere.
"""

import functools
import pathlib
import re
import subprocess
import sys

PROGRAMS = ("postern", "posternd", "postern-replay", "postern-bench")
BLOCK = re.compile(r"^```.*?^```", re.S | re.M)
MENTIONS = {
    ".md": re.compile(r"`((?:%s)(?: [^`]*)?)`" % "|".join(PROGRAMS)),
    "": re.compile(r"'((?:%s) [^']*)'" % "|".join(PROGRAMS)),
}
#: What a receipt's signature is made over begins so.
NO_COMMANDS = ("postern receipt 1",)
SOURCES = ("*.md", "*.cpp", "*.h", "*.fbs", "*.yml", "*.json")
FOLDERS = ("daemon", "packaging", "replay", "schema", "tools")
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


@functools.cache
def page_of(folder, *path):
    command = [f"{folder}/{path[0]}", *path[1:], "--help"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


@functools.cache
def help_of(folder, *path):
    """Verbs, options, and those of the options that take a value."""
    text = page_of(folder, *path)
    verbs = re.search(r"^(?:Sub)?[Cc]ommands:\n(.*?)(?:\n\n|\Z)", text, re.S | re.M)
    named = re.findall(r"^  ([a-z][a-z-]*)\b", verbs[1], re.M) if verbs else []
    valued = re.findall(r"^  (?:-\w,)?((?:--[\w-]+,?)+) (?:[A-Z]|TEXT)", text, re.M)
    with_value = {one for names in valued for one in names.split(",")}
    return set(named), set(OPTION.findall(text)), with_value


def enter(folder, path, options, valued):
    """What may be said behind this: adds its options, gives its verbs."""
    verbs, known, with_value = help_of(folder, *path)
    options |= known
    valued |= with_value
    return verbs


def is_placeholder(word):
    return not re.fullmatch(r"[a-z][a-z-]*", word)


def fault_in(folder, command):
    """Empty: the programs know all of it."""
    program, *words = command.split()
    path, options, valued = [program], set(), set()
    verbs = enter(folder, path, options, valued)
    before = ""
    for word in words:
        before, is_value = word, before in valued
        if is_value:
            continue
        for option in OPTION.findall(word) if word.startswith(("-", "[-")) else ():
            if option not in options:
                return f"{' '.join(path)} has no {option}"
        if not verbs or is_placeholder(word):
            continue
        if word not in verbs:
            return f"{' '.join(path)} has no verb {word}"
        path.append(word)
        verbs = enter(folder, path, options, valued)
    return ""


def documents(project):
    yield from sorted(project.glob("*.md"))
    for folder in FOLDERS:
        for pattern in SOURCES:
            for file in sorted((project / folder).rglob(pattern)):
                if "node_modules" not in file.parts:
                    yield file


def mentions_of(file):
    """Each command that it names in running text, with its line."""
    text = file.read_text(encoding="utf-8")
    is_page = file.suffix == ".md"
    if is_page:
        text = BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)
    for found in MENTIONS[".md" if is_page else ""].finditer(text):
        # A sentence in a source goes on in the next literal.
        command = re.sub(r'"\s*\n\s*"|\s+', lambda gap: "" if '"' in gap[0] else " ", found[1])
        if command not in NO_COMMANDS:
            yield command, text.count("\n", 0, found.start()) + 1


def faults_of(folder, file):
    """Of each command in it: what is wrong, or nothing."""
    for command, line in mentions_of(file):
        fault = fault_in(folder, command)
        yield f"{file}:{line}: `{command}`: {fault}" if fault else ""


def is_whole(command):
    """Nothing in it stands for something, and it does not end with an option's name."""
    words = command.split()[1:]
    stands_for = re.compile(r".*[…<>\[\]\"].*|[A-Z]+(,.*)?")
    return words and not words[-1].startswith("-") and not any(map(stands_for.fullmatch, words))


def examples(folder, *path):
    """Of each help page, the man pages' source, what its example says, as a command each."""
    text = page_of(folder, *path)
    verbs, _, _ = help_of(folder, *path)
    for shown in re.findall(r"^Examples?:[ \n]((?:.+\n?)+)", text, re.M):
        for command in re.split(r"&&|\||;|\n", shown):
            words = command.split()
            if words and words[0] in PROGRAMS:
                yield path, " ".join(words)
    for verb in sorted(verbs):
        yield from examples(folder, *path, verb)


def main(folder, project):
    files = list(documents(pathlib.Path(project)))
    found = [fault for file in files for fault in faults_of(folder, file)]
    for program in PROGRAMS:
        for path, command in examples(folder, program):
            fault = fault_in(folder, command)
            found.append(f"{' '.join(path)} --help: `{command}`: {fault}" if fault else "")
    print(f"{len(found)} commands in {len(files)} files")
    assert found, "no file names a command"
    if faults := [fault for fault in found if fault]:
        raise SystemExit("\n".join(faults))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
