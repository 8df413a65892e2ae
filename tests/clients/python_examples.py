#!/usr/bin/python3
"""The examples of the Python client's README, and all that its first page says to do, word for
word, against a real daemon; each must print what the page says it prints.

python_examples.py PROJECT POSTERND PACKAGES. PACKAGES is the folder the client is installed in.
"""

import os
import re
import subprocess
import sys
import tempfile

from a_daemon import RealDaemon

STARTED = "posternd init --data data\nposternd --data data &\n"


def page(project, name):
    with open(f"{project}/tools/client/python/{name}", encoding="utf-8") as file:
        return file.read()


def examples(text):
    """Each program of a page with what it prints."""
    # Between program and output may stand how it is run, and no other program.
    pairs = re.findall(
        r"```python\n(.*?)```((?:(?!```python).)*?)It prints:\n\n```\n(.*?)```", text, re.S
    )
    assert len(pairs) == text.count("```python")
    return [(program, printed) for program, _, printed in pairs]


def run(command, printed, **options):
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    print(ran.stdout + ran.stderr, flush=True)
    assert ran.returncode == 0, ran.returncode
    assert printed is None or ran.stdout == printed, f"expected:\n{printed}"


def follow_first_page(project, folder):
    """In an empty folder, with the sources beside it and the daemon started as the page says."""
    text = page(project, "first_check.md")
    started, made, ran = re.findall(r"```sh\n(.*?)```", text, re.S)
    assert started == STARTED, started
    ((program, printed),) = examples(text)
    with open(f"{folder}/first.py", "w", encoding="utf-8") as file:
        file.write(program)
    os.symlink(f"{project}/tools", f"{folder}/tools")
    environment = os.environ | {"PATH": "/usr/bin:/bin", "PIP_ROOT_USER_ACTION": "ignore"}
    for commands, expected in ((made, None), (ran, printed)):
        run(["sh", "-e", "-c", commands], expected, cwd=folder, env=environment)


def main(project, posternd, packages):
    with tempfile.TemporaryDirectory() as folder:
        daemon = RealDaemon(project, posternd, folder)
        daemon.start()
        try:
            for program, printed in examples(page(project, "README.md")):
                environment = os.environ | {"PYTHONPATH": packages}
                run([sys.executable, "-c", program, daemon.data], printed, env=environment)
            follow_first_page(project, folder)
            daemon.end()
        finally:
            daemon.kill()


if __name__ == "__main__":
    main(*map(os.path.abspath, sys.argv[1:]))
