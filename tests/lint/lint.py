#!/usr/bin/python3
"""Runs checks over the project, or shows what they know.

lint.py ROOT [CHECK…]     one line for each problem; all checks if none is named
lint.py ROOT --table      which folder may include what
lint.py ROOT --longest N  the longest files and functions
"""

import os
import subprocess
import sys

from checks import CHECKS, check_subjects, check_top_level
from includes import table
from lengths import longest
from tree import read_tree


def subjects(root):
    """None are known where the project is no clone, as in a package's sources."""
    command = ["git", "-C", root, "log", "--format=%s"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def problems_of(root, names):
    tree = read_tree(root)
    special = {
        "top_level": lambda: check_top_level(os.listdir(root)),
        "subjects": lambda: check_subjects(subjects(root)),
    }
    for name in names or [*CHECKS, *special]:
        yield from special[name]() if name in special else CHECKS[name](tree)


def main(root, arguments):
    if arguments[:1] == ["--table"]:
        shown = table()
    elif arguments[:1] == ["--longest"]:
        shown = longest(read_tree(root), int(arguments[1]))
    else:
        shown = list(problems_of(root, arguments))
        print(*shown, sep="\n", end="\n" if shown else "")
        return 1 if shown else 0
    print(*shown, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
