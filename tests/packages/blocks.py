#!/usr/bin/python3
"""The commands of a document: blocks.py FILE NAME prints the block of that name.

A block begins with ```sh as=USER name=NAME. The first line printed is USER.
"""

import re
import sys

BLOCK = re.compile(r"^```sh as=(\w+) name=([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main(path, name):
    with open(path, encoding="utf-8") as file:
        found = [block for block in BLOCK.findall(file.read()) if block[1] == name]
    if len(found) != 1:
        print(f"{path}: {len(found)} blocks are called {name}", file=sys.stderr)
        return 1
    print(found[0][0] + "\n" + found[0][2], end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
