#!/usr/bin/env python3
"""Has what flatc writes to verify lists ask where their entries lie as well (verify_list.h).

    align_lists.py FOLDER NAME...

In each FOLDER/NAME_generated.h.
"""
import sys
from pathlib import Path

ASKED = "verifier.VerifyVector("
ASKED_INSTEAD = "::postern::verify_list(verifier, "
INCLUDED = '#include "flatbuffers/flatbuffers.h"\n'


def align(header: str, name: str) -> str:
    if INCLUDED not in header:
        raise SystemExit(f"align_lists.py: {name}_generated.h: includes no flatbuffers.h")
    return header.replace(INCLUDED, f'{INCLUDED}#include "verify_list.h"\n').replace(
        ASKED, ASKED_INSTEAD
    )


def main() -> None:
    folder, *names = sys.argv[1:]
    for name in names:
        path = Path(folder) / f"{name}_generated.h"
        path.write_text(align(path.read_text(), name))


if __name__ == "__main__":
    main()
