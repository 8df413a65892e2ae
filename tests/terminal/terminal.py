"""A program as somebody at a terminal sees it: run on a pseudo-terminal of a given width, what it
shows split into lines, and how wide each of them is."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import unicodedata

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What erases a line that is shown anew: progress.
ERASING = "\x1b[K"
PATIENCE_S = 120
# Of the program too: a machine may be busy.
os.environ["POSTERN_ANSWER_TIMEOUT"] = str(PATIENCE_S)


def width_of(text):
    """In columns, by Unicode's own table and not by the C library's, which the program asks."""
    columns = 0
    for letter in text:
        if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
            continue
        columns += 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1
    return columns


class Seen:
    def __init__(self, code, text):
        self.code, self.text = code, text

    @property
    def is_coloured(self):
        return bool(COLOURS.search(self.text))

    @property
    def lines(self):
        """Without colours; what was erased again is a line of its own."""
        plain = COLOURS.sub("", self.text).replace(ERASING, "").replace("\r\n", "\n")
        return [line for part in plain.split("\n") for line in part.split("\r")]

    @property
    def widest(self):
        return max(self.lines, key=width_of)


def _environment(more):
    kept = {"TERM": "xterm-256color"} | more
    left_out = ("COLUMNS", "NO_COLOR", *kept)
    return {name: value for name, value in os.environ.items() if name not in left_out} | kept


def run_at_terminal(command, columns, typed=(), **environment):
    """`typed`: pairs of a prompt's end and what is typed once it stands there."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower,
        env=_environment(environment), start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    shown, waiting = b"", list(typed)
    while True:
        if not select.select([leader], [], [], PATIENCE_S)[0]:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"{command} says nothing more; it said {shown!r}")
        try:
            part = os.read(leader, 65_536)
        except OSError:  # The other end is closed.
            part = b""
        if not part:
            break
        shown += part
        if waiting and shown.endswith(waiting[0][0].encode()):
            os.write(leader, waiting.pop(0)[1].encode() + b"\n")
    os.close(leader)
    return Seen(process.wait(timeout=PATIENCE_S), shown.decode())


def run_in_pipe(command, **environment):
    ran = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=_environment(environment), timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    return Seen(ran.returncode, ran.stdout.decode())
