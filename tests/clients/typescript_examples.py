#!/usr/bin/python3
"""The examples of the TypeScript client's README and of its first page, word for word, against a
real daemon; each must compile, and print what the page says it prints.

typescript_examples.py PROJECT POSTERND FOLDER. FOLDER is install_typescript_client.py's.
"""

import os
import re
import subprocess
import sys
import tempfile

from a_daemon import RealDaemon
from typescript_client_tests import COMPILE

PAGES = ("README.md", "first_check.md")


def examples(project):
    """Each program of the pages with its language and what it prints."""
    for page in PAGES:
        with open(f"{project}/tools/client/typescript/{page}", encoding="utf-8") as file:
            text = file.read()
        # Between program and output may stand how it is run, and no other program.
        pairs = re.findall(
            r"```(ts|js)\n(.*?)```((?:(?!```(?:ts|js)).)*?)It prints:\n\n```\n(.*?)```", text, re.S
        )
        assert pairs and len(pairs) == len(re.findall("```(?:ts|js)\n", text)), page
        for number, (language, program, _, printed) in enumerate(pairs, 1):
            yield f"{page}, example {number}", language, program, printed


def compiled(folder, language, program):
    """A file beside the installed package that node runs."""
    source = f"{folder}/installed/example.m{language}"
    with open(source, "w", encoding="utf-8") as file:
        file.write(program)
    if language == "ts":
        options = [word for word in COMPILE if word != "--noEmit"]
        command = [f"{folder}/made/node_modules/.bin/tsc", *options]
        command += ["--typeRoots", f"{folder}/made/node_modules/@types", source]
        subprocess.run(command, cwd=f"{folder}/installed", check=True)
    return f"{folder}/installed/example.mjs"


def main(project, posternd, folder):
    with tempfile.TemporaryDirectory() as scratch:
        daemon = RealDaemon(project, posternd, scratch)
        daemon.start()
        try:
            for name, language, program, printed in examples(project):
                ran = subprocess.run(
                    ["node", compiled(folder, language, program), daemon.data],
                    cwd=f"{folder}/installed",
                    capture_output=True,
                    text=True,
                    timeout=120,
                )
                print(f"{name}:\n{ran.stdout}{ran.stderr}")
                assert ran.returncode == 0, ran.returncode
                assert ran.stdout == printed, f"expected:\n{printed}"
            daemon.end()
        finally:
            daemon.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
