#!/usr/bin/python3
"""The manual's worked example, word for word, against a real daemon.

manual_example.py PROJECT POSTERND. It must print what the manual says it prints.
"""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile


def free_port_base():
    """Ten ports in a row that nobody listens on."""
    while True:
        base = random.randrange(30_000, 32_000, 10)
        try:
            for port in range(base, base + 10):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue


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
        schemas = [n for n in os.listdir(f"{project}/schema") if n.endswith(".fbs")]
        subprocess.run(
            ["flatc", "--python", "--gen-object-api", "-o", f"{folder}/generated"]
            + [f"{project}/schema/{name}" for name in schemas],
            check=True,
        )
        with open(f"{folder}/example.py", "w", encoding="utf-8") as file:
            file.write(example)
        data = f"{folder}/data"
        subprocess.run([posternd, "init", "--data", data], check=True)
        supervise = f"{project}/tools/demo/supervise.py"
        daemon = subprocess.Popen(
            [sys.executable, supervise, f"{folder}/log", posternd, "--data", data]
            + ["--port-base", str(free_port_base())],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert daemon.stdout.readline() == "ready\n", open(f"{folder}/log").read()
            ran = subprocess.run(
                [sys.executable, "example.py", data], cwd=folder, capture_output=True, text=True
            )
        finally:
            daemon.send_signal(signal.SIGTERM)
            ended = daemon.wait(timeout=60)
    print(ran.stdout + ran.stderr)
    assert ran.returncode == 0, ran.returncode
    assert ran.stdout == expected, f"expected:\n{expected}"
    assert ended == 0, f"the daemon ended with {ended}"


if __name__ == "__main__":
    main(*sys.argv[1:])
