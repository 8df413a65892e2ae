#!/usr/bin/python3
"""Plays a story, and holds the README against it: each command that the README shows of it must be
one that was played.

told_in_readme.py PROJECT BIN STORY. The README's first block shows the story `story`, those below
"An audit" the story `audit`; records, times, keys and folders are others each time.
"""

import re
import subprocess
import sys

PROMPT = re.compile(r"^ *\$ ((?:postern|python3).*)", re.M)
CHANGING = (
    (re.compile(r"/\S*/tmp\.\w+/|\S+/(?=replay/)"), ""),
    (re.compile(r"postern/\S+"), "KEY"),
    (re.compile(r"\d{4}-\d\d-\d\dT\S+Z"), "TIME"),
    (re.compile(r"(?<![\w-])\d+(,\d+)*(?![\w-])"), "N"),
)


def typed_in(text):
    """The commands, without what is another each time."""
    for command in PROMPT.findall(text):
        for pattern, instead in CHANGING:
            command = pattern.sub(instead, command)
        yield command


def shown(readme, story):
    first, audit = readme.split("\n## An audit\n")
    return set(typed_in({"story": first, "audit": audit}[story]))


def main(project, programs, story):
    play = subprocess.Popen(
        [f"{project}/tools/demo/play", story, programs], stdout=subprocess.PIPE, text=True
    )
    lines = []
    for line in play.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    assert play.wait() == 0, "the story went otherwise"
    with open(f"{project}/README.md", encoding="utf-8") as file:
        told = shown(file.read(), story)
    assert told, "the README shows nothing of it"
    if strange := told - set(typed_in("".join(lines))):
        raise SystemExit("The README shows what was not played:\n" + "\n".join(sorted(strange)))
    print(f"{len(told)} commands of the README were played.")


if __name__ == "__main__":
    main(*sys.argv[1:])
