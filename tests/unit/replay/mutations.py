"""Mutates exports at random and asks the independent verifier: mutations.py WHOLE TENANT KEY."""

import random
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "replay"))

import verify_bundle  # noqa: E402

MUTATIONS = 10_000


def mutated(data, other, seeded):
    at, size = seeded.randrange(len(data)), seeded.randint(1, 64)
    start = seeded.randrange(len(data))
    piece = data[start : start + size]
    kind = seeded.randrange(6)
    if kind == 0:
        return data[:at] + bytes([data[at] ^ 1 << seeded.randrange(8)]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + piece + data[at:]
    if kind == 2:
        return data[:at] + data[at + size :]
    if kind == 3:
        rest = data[:start] + data[start + size :]
        return rest[:at] + piece + rest[at:]
    if kind == 4:
        return data[:at]
    return data[:at] + other[at:]


def is_found(data, key):
    try:
        verify_bundle.verify(data, key)
    except (verify_bundle.Damaged, struct.error, RecursionError):
        return True
    return False


def main(whole_file, tenant_file, key):
    exports = [Path(file).read_bytes() for file in (whole_file, tenant_file)]
    if any(is_found(data, key) for data in exports):
        sys.exit("an export is taken for damaged")
    seeded = random.Random(11)
    unnoticed = 0
    for number in range(MUTATIONS):
        data = mutated(exports[number % 2], exports[1 - number % 2], seeded)
        unnoticed += data not in exports and not is_found(data, key)
    if unnoticed:
        sys.exit(f"{unnoticed} of {MUTATIONS} mutations went unnoticed")


if __name__ == "__main__":
    main(*sys.argv[1:])
