#!/usr/bin/python3
"""Runs one check, or all of them, over the project: lint.py ROOT [CHECK…]."""

import os
import sys

from checks import CHECKS, check_top_level
from tree import read_tree


def main(root, names):
    tree = read_tree(root)
    problems = []
    for name in names or [*CHECKS, "top_level"]:
        found = check_top_level(os.listdir(root)) if name == "top_level" else CHECKS[name](tree)
        problems += found
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
