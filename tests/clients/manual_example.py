#!/usr/bin/python3
"""The manual's worked example, word for word, against a real daemon.

manual_example.py PROJECT POSTERND. It must print what the manual says it prints.
"""

import os
import re
import subprocess
import sys
import tempfile

from a_daemon import generate, running


def blocks(manual):
    """The example and what it prints."""
    text = manual.split("## A worked example", 1)[1]
    example = re.search(r"```python\n(.*?)```", text, re.S)
    printed = re.search(r"It prints:\n\n```\n(.*?)```", text, re.S)
    return example[1], printed[1]


def main(project, posternd):
    with open(os.path.join(project, "schema", "README.md"), encoding="utf-8") as file:
        example, expected = blocks(file.read())
    with tempfile.TemporaryDirectory() as folder:
        generate(project, folder, "--python")
        with open(f"{folder}/example.py", "w", encoding="utf-8") as file:
            file.write(example)
        with running(project, posternd, folder) as data:
            ran = subprocess.run(
                [sys.executable, "example.py", data], cwd=folder, capture_output=True, text=True
            )
    print(ran.stdout + ran.stderr)
    assert ran.returncode == 0, ran.returncode
    assert ran.stdout == expected, f"expected:\n{expected}"


if __name__ == "__main__":
    main(*sys.argv[1:])
