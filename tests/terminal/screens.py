#!/usr/bin/python3
"""What each list and page looks like at 80 and at 120 columns, as text files to look at.

screens.py PROJECT BIN FOLDER
"""

import os
import sys
import tempfile

PROJECT, BIN, FOLDER = sys.argv[1:]
sys.path.insert(0, f"{PROJECT}/tests/clients")

from a_daemon import running  # noqa: E402
from terminal import run_at_terminal  # noqa: E402
from world import World, table  # noqa: E402


def main():
    os.makedirs(FOLDER, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        with running(PROJECT, f"{BIN}/posternd", folder) as data:
            world = World(BIN, data, folder)
            for width in (80, 120):
                with open(f"{FOLDER}/{width}.txt", "w", encoding="utf-8") as file:
                    for row in table()["lists"] + table()["pages"]:
                        words = world.words_of(row)
                        seen = run_at_terminal(world.command(*words), width)
                        file.write("=" * width + f"\n$ postern {' '.join(words)}\n")
                        file.write("\n".join(seen.lines) + "\n")


if __name__ == "__main__":
    main()
