#!/usr/bin/python3
"""The examples of the Python client's README and of its first page, word for word, against a real
daemon; each must print what the page says it prints.

python_examples.py PROJECT POSTERND PACKAGES. PACKAGES is the folder the client is installed in.
"""

import os
import re
import subprocess
import sys
import tempfile

from a_daemon import RealDaemon

PAGES = ("README.md", "first_check.md")


def examples(project):
    """Each program of the pages with what it prints."""
    for page in PAGES:
        with open(f"{project}/tools/client/python/{page}", encoding="utf-8") as file:
            text = file.read()
        # Between program and output may stand how it is run, and no other program.
        pairs = re.findall(
            r"```python\n(.*?)```((?:(?!```python).)*?)It prints:\n\n```\n(.*?)```", text, re.S
        )
        assert len(pairs) == text.count("```python"), page
        for number, (program, _, printed) in enumerate(pairs, 1):
            yield f"{page}, example {number}", program, printed


def main(project, posternd, packages):
    with tempfile.TemporaryDirectory() as folder:
        daemon = RealDaemon(project, posternd, folder)
        daemon.start()
        try:
            for name, program, printed in examples(project):
                ran = subprocess.run(
                    [sys.executable, "-c", program, daemon.data],
                    env=os.environ | {"PYTHONPATH": packages},
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
