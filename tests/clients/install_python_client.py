#!/usr/bin/python3
"""Makes the Python client's wheel and installs it into an empty folder.

install_python_client.py PROJECT FOLDER
"""

import filecmp
import glob
import os
import shutil
import subprocess
import sys
import tempfile


def main(project, folder):
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as wheels:
        build = f"{project}/tools/client/python/build_wheel.py"
        subprocess.run([sys.executable, "-B", build, wheels], check=True)
        (wheel,) = glob.glob(f"{wheels}/postern_client-*-py3-none-any.whl")
        subprocess.run(
            [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
            + ["--no-deps", "--no-index", "--root-user-action", "ignore", "--target", folder]
            + [wheel],
            check=True,
        )
    assert os.path.exists(f"{folder}/postern/schema.py")
    assert os.path.exists(f"{folder}/postern/py.typed")
    (licence,) = glob.glob(f"{folder}/postern_client-*.dist-info/LICENSE")
    assert filecmp.cmp(licence, f"{project}/LICENSE", shallow=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
