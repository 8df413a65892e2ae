#!/usr/bin/python3
"""Runs the page on accounts in git as it stands, with a real git, and holds what it says is printed
against what is.

accounts_in_git.py PROJECT BIN [--write]. A block marked ```text tells all that the ```sh block
before it prints; one without prints nothing. With --write the page is written anew.
"""

import os
import re
import subprocess
import sys
import tempfile

from documents import PLACES
from machine import Machine

PAGE = "tools/cli/accounts-in-git.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.S | re.M)
BETWEEN = "--- the next block ---"


def printed(script, machine, root):
    """What each block prints."""
    names = {f"GIT_{who}_{what}": "a team" if what == "NAME" else "team@acme.example"
             for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}  # fmt: skip
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=f"{root}/srv",
        env=machine.environment | names,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert ran.returncode == 0, f"{PAGE}: ended with {ran.returncode}\n{ran.stdout}"
    lines = [line.rstrip() for line in ran.stdout.replace(root, "").splitlines()]
    return "".join(f"{line}\n" for line in lines).split(f"{BETWEEN}\n")


def main(project, programs, write=""):
    with open(f"{project}/{PAGE}", encoding="utf-8") as file:
        page = file.read()
    blocks = BLOCK.findall(page)
    assert len(blocks) > 5, "the page has its blocks"
    script = f"echo '{BETWEEN}'\n".join(commands for commands, _ in blocks)
    with tempfile.TemporaryDirectory(prefix="p-") as root:
        with Machine(project, programs, root) as machine:
            machine.install()
            script = PLACES.sub(lambda place: f"{root}/{place[1]}/", script)
            came = printed(script, machine, root)
    if write:
        texts = iter(came)

        def with_text(block):
            text = next(texts)
            return f"```sh\n{block[1]}```\n" + (f"\n```text\n{text}```\n" if text else "")

        with open(f"{project}/{PAGE}", "w", encoding="utf-8") as file:
            file.write(BLOCK.sub(with_text, page))
        return
    for (commands, told), text in zip(blocks, came, strict=True):
        assert told == text, f"{PAGE}: behind\n{commands}\nit says\n{told}\nand there comes\n{text}"
    # The plan of the change, and that a second time nothing is left to do.
    assert any("change  " in text for text in came)
    assert sum("Nothing to do." in text for text in came) >= 2


if __name__ == "__main__":
    main(*sys.argv[1:])
