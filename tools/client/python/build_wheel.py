#!/usr/bin/python3
"""Makes the wheel of the Python client, without a network.

build_wheel.py FOLDER: FOLDER/postern_client-VERSION-py3-none-any.whl. Needs pip, setuptools and
wheel (Debian: python3-pip, python3-setuptools, python3-wheel).
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def version():
    with open(f"{PROJECT}/CMakeLists.txt", encoding="utf-8") as file:
        return re.search(r"^project\(\w+\s+VERSION ([\d.]+)", file.read(), re.M)[1]


def stage(folder):
    """The package's sources, with what is generated among them."""
    package = f"{folder}/postern"
    os.mkdir(package)
    for path in [*glob.glob(f"{HERE}/postern/*.py"), f"{HERE}/postern/py.typed"]:
        shutil.copy(path, package)
    for path in (f"{HERE}/pyproject.toml", f"{HERE}/README.md", f"{PROJECT}/LICENSE"):
        shutil.copy(path, folder)
    schemas = sorted(glob.glob(f"{PROJECT}/schema/*.fbs"))
    subprocess.run([sys.executable, "-B", f"{HERE}/generate.py", package, *schemas], check=True)
    with open(f"{package}/_version.py", "w", encoding="utf-8") as file:
        file.write(f'"""Made by build_wheel.py."""\n\nVERSION = "{version()}"\n')


def main(target):
    with tempfile.TemporaryDirectory() as folder:
        stage(folder)
        subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
            + ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", target, folder],
            check=True,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
