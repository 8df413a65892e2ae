#!/usr/bin/python3
"""Runs every command of the handbook's pages, as they stand.

documents.py PROJECT BIN PAGE…. Each page gets a machine of its own: a folder in which /etc, /var,
/run and /srv of the page lie, the programs of BIN, and stand-ins for what is not there (see
machine.py). The blocks marked ```sh run in one shell, in order; the first command that fails ends
the page. A page that begins with the comment `a machine without Postern` finds no daemon.
"""

import os
import re
import subprocess
import sys
import tempfile

from machine import Machine

BLOCK = re.compile(r"^```sh\b[^\n]*\n(.*?)^```", re.S | re.M)
PLACES = re.compile(r"(?<![\w/])/(etc|var|run|srv)/")


def commands_of(page):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    return text, "".join(BLOCK.findall(text))


def run_page(project, programs, page):
    """The text of what went wrong; empty: nothing."""
    text, commands = commands_of(page)
    if not commands:
        return ""
    with tempfile.TemporaryDirectory(prefix="p-") as root:
        with Machine(project, programs, root) as machine:
            if "<!-- a machine without Postern -->" not in text:
                machine.install()
            script = PLACES.sub(lambda place: f"{root}/{place[1]}/", commands)
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", "set -x\n" + script],
                cwd=f"{root}/srv",
                env=machine.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=600,
            )
            if ran.returncode == 0:
                return ""
            said = "\n".join([ran.stdout, ran.stderr, machine.log()])
            return f"{page}: ended with {ran.returncode}\n{said}"


def main(project, programs, pages):
    ran = 0
    for page in pages:
        count = len(BLOCK.findall(commands_of(page)[0]))
        problem = run_page(project, programs, page)
        if problem:
            raise SystemExit(problem)
        ran += count
        print(f"{os.path.basename(page)}: {count} blocks")
    assert ran > 0, "no page has a command"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
