#!/usr/bin/python3
"""Makes the TypeScript client's npm tarball and installs it into an empty folder.

install_typescript_client.py PROJECT FOLDER. What npm fetches stays in FOLDER/made, until the
package-lock is another; the empty folder is FOLDER/installed.
"""

import filecmp
import glob
import os
import re
import shutil
import subprocess
import sys

NODE_MIN = 18


def must_have_node():
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            sys.exit(f"there is no {program}: install Debian's packages nodejs and npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if int(re.match(r"v(\d+)", version)[1]) < NODE_MIN:
        sys.exit(f"node is {version.strip()}: the client takes version {NODE_MIN} or newer")


def npm(folder, *words):
    """What was fetched once is not fetched again."""
    command = ["npm", *words, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(
            f"'npm {' '.join(words)}' ended with {ran.returncode}. If it could not reach its "
            f"registry, run this test once where it can.\n{ran.stdout}{ran.stderr}"
        )
    return ran.stdout


def fetch(made):
    """The packages that the lock names, all of them and no other."""
    lock, known = f"{made}/package-lock.json", f"{made}/node_modules/.fetched"
    if not os.path.exists(known) or not filecmp.cmp(lock, known, shallow=False):
        npm(made, "ci")
        shutil.copyfile(lock, known)


def build(project, source, made):
    for name in ("dist", "src"):
        shutil.rmtree(f"{made}/{name}", ignore_errors=True)
    skipped = shutil.ignore_patterns("node_modules", "dist", "generated")
    shutil.copytree(source, made, ignore=skipped, dirs_exist_ok=True)
    shutil.copy(f"{project}/LICENSE", made)
    fetch(made)
    generate = [sys.executable, "-B", f"{source}/generate.py", f"{project}/schema"]
    subprocess.run([*generate, f"{made}/src/generated/schema.ts"], check=True)
    subprocess.run([f"{made}/node_modules/.bin/tsc", "-p", made], check=True)


def main(project, folder):
    must_have_node()
    made, installed = f"{folder}/made", f"{folder}/installed"
    shutil.rmtree(installed, ignore_errors=True)
    for path in glob.glob(f"{made}/*.tgz"):
        os.remove(path)
    os.makedirs(made, exist_ok=True)
    os.makedirs(installed)
    build(project, f"{project}/tools/client/typescript", made)
    npm(made, "pack")
    (tarball,) = glob.glob(f"{made}/postern-client-*.tgz")
    npm(installed, "install", tarball)
    for file in ("dist/index.js", "dist/index.d.ts", "README.md", "first_check.md", "LICENSE"):
        assert os.path.exists(f"{installed}/node_modules/postern-client/{file}"), file


if __name__ == "__main__":
    main(*sys.argv[1:])
