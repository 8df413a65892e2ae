#!/usr/bin/python3
"""The TypeScript client's own tests, and what its types refuse, as it is installed.

typescript_client_tests.py PROJECT POSTERND FOLDER. FOLDER is install_typescript_client.py's.
"""

import os
import shutil
import subprocess
import sys
import tempfile

from a_daemon import RealDaemon

COMPILE = (
    "--noEmit --strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --skipLibCheck "
    "--target es2022 --module node16 --moduleResolution node16 --types node"
).split()


def check_types(here, folder):
    shutil.copyfile(f"{here}/typescript_types.mts", f"{folder}/installed/typescript_types.mts")
    command = [f"{folder}/made/node_modules/.bin/tsc", *COMPILE]
    command += ["--typeRoots", f"{folder}/made/node_modules/@types", "typescript_types.mts"]
    subprocess.run(command, cwd=f"{folder}/installed", check=True)


def main(project, posternd, folder):
    here = os.path.dirname(os.path.abspath(__file__))
    check_types(here, folder)
    with tempfile.TemporaryDirectory() as scratch:
        daemon = RealDaemon(project, posternd, scratch)
        daemon.start()
        try:
            package = f"{folder}/installed/node_modules/postern-client"
            environment = {"POSTERN_PACKAGE": package, "POSTERN_DATA": daemon.data}
            subprocess.run(
                ["node", "--test", f"{here}/typescript_client_tests.mjs"],
                env=os.environ | environment,
                check=True,
                timeout=600,
            )
            daemon.end()
        finally:
            daemon.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])
