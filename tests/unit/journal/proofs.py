"""Asks the independent verifier of proofs, one a line, and compares: proofs.py FILE.

A line is what the daemon's own verifier said (0 or 1), the record's index, the size of the tree,
and in hex the leaf, the root and the path.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "replay"))

import verify_bundle  # noqa: E402


def proves(index, size, leaf, root, path):
    try:
        return verify_bundle.root_by_path(leaf, index, size, path) == root
    except verify_bundle.Damaged:
        return False


def main(file):
    differ = count = 0
    with open(file, encoding="ascii") as lines:
        for line in lines:
            said, index, size, *hashes = line.split()
            leaf, root, *path = map(bytes.fromhex, hashes)
            count += 1
            differ += proves(int(index), int(size), leaf, root, path) != (said == "1")
    if differ or not count:
        sys.exit(f"the two verifiers differ over {differ} of {count} proofs")


if __name__ == "__main__":
    main(*sys.argv[1:])
