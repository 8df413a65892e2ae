#!/usr/bin/python3
"""Makes codes.h from the comments of `enum Code` in common.fbs.

There alone stand every code's sentence and remedy.
"""

import re
import sys


def read_codes(fbs_text):
    """Yields (name, number, sentence, remedy) for each value of enum Code."""
    body = re.search(r"enum Code:ushort \{(.*?)\n\}", fbs_text, re.S).group(1)
    pattern = re.compile(r"(?P<text>(?:^ */// .*\n)+)\s*(?P<name>\w+) = (?P<number>\d+),", re.M)
    for match in pattern.finditer(body):
        text = " ".join(line.strip().removeprefix("/// ") for line in match["text"].splitlines())
        sentence, remedy = text.split(" Remedy: ")
        yield match["name"], int(match["number"]), sentence, remedy


def main(source, target):
    with open(source, encoding="utf-8") as file:
        codes = list(read_codes(file.read()))
    rows = "\n".join(
        f'    {{Code::{name}, "{name}", "{sentence}", "{remedy}"}},'
        for name, _, sentence, remedy in codes
    )
    with open(target, "w", encoding="utf-8") as file:
        file.write(
            "// Made from common.fbs by generate_codes.py.\n"
            "#pragma once\n\n#include <string_view>\n\n#include \"common_generated.h\"\n\n"
            "namespace postern::schema {\n\n"
            "struct CodeText {\n  Code code;\n  std::string_view name;\n"
            "  std::string_view sentence;\n  std::string_view remedy;\n};\n\n"
            f"inline constexpr CodeText code_texts[] = {{\n{rows}\n}};\n\n"
            "/// What a code means and what to do; every code of this build is in the table.\n"
            "constexpr const CodeText& code_text(Code code) {\n"
            "  for (const CodeText& text : code_texts)\n    if (text.code == code) return text;\n"
            "  return code_texts[0];\n}\n\n"
            "}  // namespace postern::schema\n"
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
