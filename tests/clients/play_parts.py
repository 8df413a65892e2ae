"""What conformance.py plays with: programs that speak in lines of JSON, and the scripted daemon."""

import json
import queue
import subprocess
import threading
import time
import tomllib

DOORS = ("commands", "queries", "history")
# Steps of the scripted daemon that wait for nothing.
AT_ONCE = ("always", "close", "open", "restart", "admit")
WORDS_MAX = 40


class Unexpected(Exception):
    """Something came that is not as the case says."""

    def __init__(self, what, found=None):
        shown = "" if found is None else ": " + json.dumps(found, ensure_ascii=False)[:3_000]
        super().__init__(what + shown)
        self.step = "at the end"


def read_toml(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


def owner_keys(data):
    return read_toml(f"{data}/owner.key")


class Lines:
    """A program that is written JSON to and writes JSON, a line each."""

    def __init__(self, command):
        self.errors = []
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.arrived = queue.Queue()
        self.threads = [threading.Thread(target=self.read), threading.Thread(target=self.hear)]
        for thread in self.threads:
            thread.start()

    def read(self):
        for line in self.process.stdout:
            self.arrived.put(json.loads(line))
        self.arrived.put(None)

    def hear(self):
        self.errors += self.process.stderr

    def write(self, *objects):
        text = "".join(json.dumps(one) + "\n" for one in objects)
        try:
            # One write, so that all of it is there at once.
            self.process.stdin.write(text)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Unexpected("the program has ended" + self.end_words()) from None

    def next(self, limit):
        """The next line; nothing at the end."""
        try:
            return self.arrived.get(timeout=max(limit - time.monotonic(), 0))
        except queue.Empty:
            raise Unexpected("nothing more came in time") from None

    def finish(self):
        """Ends its input; gives its exit code and what it still wrote."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        code = self.process.wait(timeout=120)
        for thread in self.threads:
            thread.join()
        rest = []
        while not self.arrived.empty():
            if (line := self.arrived.get()) is not None:
                rest.append(line)
        return code, rest

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.finish()

    def end_words(self):
        return "".join(["\n", *self.errors]) if self.errors else ""


class FakeDaemon:
    """The scripted daemon: steps are handed to it as they are."""

    def __init__(self, program, folder, curve):
        addresses = ["tcp://127.0.0.1:*" if curve else f"ipc://{folder}/{n}" for n in DOORS]
        self.lines = Lines([program, *["--curve"] * curve, *addresses])
        self.handed, self.done, self.reports = 0, 0, []
        self.listening = None
        self.wait(lambda: self.listening, 120)

    def addresses(self, _):
        told = (*DOORS, "server_key")
        return {name: self.listening[name] for name in told if name in self.listening}

    def hand(self, steps):
        was_done, before = self.is_done(), self.handed
        at_once = 0
        while at_once < len(steps) and any(name in steps[at_once] for name in AT_ONCE):
            at_once += 1
        self.lines.write(*steps)
        self.handed += len(steps)
        # What holds from now on does so before the client sends.
        if was_done:
            self.wait(lambda: self.done >= before + at_once, 120)

    def wait(self, happened, limit_s):
        limit = time.monotonic() + limit_s
        while not happened():
            report = self.lines.next(limit)
            if report is None:
                raise Unexpected("the scripted daemon ended" + self.lines.end_words())
            self.learn(report)

    def learn(self, report):
        self.reports.append(report)
        if report["report"] == "listening":
            self.listening = self.listening or report
        elif report["report"] == "done":
            self.done += 1
        elif report["report"] == "failed":
            raise Unexpected("the scripted daemon says: " + report["why"])

    def wait_until_done(self, limit_s):
        self.wait(self.is_done, limit_s)

    def is_done(self):
        while not self.lines.arrived.empty():
            report = self.lines.arrived.get()
            if report is None:
                raise Unexpected("the scripted daemon ended" + self.lines.end_words())
            self.learn(report)
        return self.done >= self.handed

    def end(self):
        """All that it was handed was done, and nothing came that no step expects."""
        self.wait_until_done(120)
        code, rest = self.lines.finish()
        for report in rest:
            self.learn(report)
        if code != 0:
            raise Unexpected(f"the scripted daemon ended with {code}{self.lines.end_words()}")

    def kill(self):
        self.lines.kill()

    def words(self):
        while not self.lines.arrived.empty():
            if (report := self.lines.arrived.get()) is not None:
                self.reports.append(report)
        shown = [{k: v for k, v in r.items() if k != "bytes"} for r in self.reports[-WORDS_MAX:]]
        return "\n".join("  " + json.dumps(r, ensure_ascii=False)[:400] for r in shown)


def replaced(given, names):
    """With what stands behind each $NAME in its place."""
    if isinstance(given, str) and given.startswith("$"):
        first, *path = given[1:].split(".")
        if first not in names:
            raise Unexpected(f"nothing is named {given}")
        found = names[first]
        for part in path:
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found
    if isinstance(given, dict):
        return {name: replaced(value, names) for name, value in given.items()}
    if isinstance(given, list):
        return [replaced(value, names) for value in given]
    return given


def uuid_text(value):
    digits = f"{int(value['high']):016x}{int(value['low']):016x}"
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def holds(found, wanted):
    """All that `wanted` has, `found` has too; what is left out counts as its default."""
    if isinstance(wanted, dict):
        found = {} if found is None else found
        return isinstance(found, dict) and all(
            holds(found.get(name), value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        found = [] if found is None else found
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    if isinstance(found, dict) and set(found) == {"high", "low"}:
        found = uuid_text(found)
    if found is None:
        return wanted in (None, False, 0, "", "NONE", "ok", "unset", "none")
    if isinstance(wanted, int) and not isinstance(wanted, bool) and isinstance(found, str):
        return found == str(wanted)
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)
