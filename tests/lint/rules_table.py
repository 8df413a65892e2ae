#!/usr/bin/python3
"""Prints which tests prove which rule."""

import os
import sys

from checks import rule_tests
from tree import read_tree


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    tree = read_tree(root)
    tests = {}
    for rule, name, path in rule_tests(tree):
        tests.setdefault(rule, []).append(f"{name}  {path}")
    rules = tree["tests/rules.txt"].split()
    for rule in rules:
        for place, text in enumerate(sorted(tests.get(rule, ["-"]))):
            print(f"{rule if place == 0 else '':4} {text}")
    print(f"{sum(rule in tests for rule in rules)} of {len(rules)} rules have tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
