#!/usr/bin/python3
"""The settings as they are packaged: settings_page.py FILE VERSION FOLDER writes two files of one.

postern.toml opens the ipc door for the group; postern.toml.5 is the man page, made of the comments.
"""

import os
import re
import sys

SETTING = re.compile(r"#?(\w+) = (.+)")
TABLE = re.compile(r"\[(\w+)\]")

HEAD = """.TH POSTERN.TOML 5 "" "Postern {version}" "Postern"
.SH NAME
postern.toml \\- settings of posternd
.SH DESCRIPTION
"""
TAIL = """.SH FILES
.TP
.I /etc/postern/postern.toml
The settings of the packaged daemon.
.SH SEE ALSO
.BR posternd (8),
.BR postern (1)
"""


def troff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def page_lines(text):
    """A comment describes the settings that follow it, up to an empty line or the next comment."""
    comment, is_told = [], False
    for line in text.splitlines():
        table, setting = TABLE.fullmatch(line), SETTING.fullmatch(line)
        if table:
            yield f".SH \\&[{table[1]}]"
        elif setting:
            shown = "left out" if line.startswith("#") else "the default"
            yield f".TP\n\\fB{setting[1]}\\fR = {troff(setting[2])} ({shown})"
            yield from map(troff, comment if not is_told else ["As above."])
            is_told = True
            continue
        elif line.startswith("#"):
            if is_told:
                comment = []
            comment.append(line[1:].removeprefix(" "))
        elif comment and not is_told:
            yield from map(troff, comment)
        if not line.startswith("#"):
            comment = []
        is_told = False


def main(path, version, folder):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    page = HEAD.format(version=version) + "\n".join(page_lines(text)) + "\n" + TAIL
    for name, made in {
        "postern.toml": re.sub("^#ipc_", "ipc_", text, flags=re.MULTILINE),
        "postern.toml.5": page,
    }.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(made)


if __name__ == "__main__":
    main(*sys.argv[1:])
