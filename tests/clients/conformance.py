#!/usr/bin/python3
"""Plays the list of behaviours in cases/ to the client of one language, through its adapter.

conformance.py PROJECT FAKE_DAEMON POSTERND [--only TEXT] -- ADAPTER [ARGUMENT…]. README.md
describes cases, steps and adapters.
"""

import argparse
import copy
import glob
import json
import os
import sys
import tempfile
import time
import traceback

import zmq
from a_daemon import RealDaemon
from play_parts import FakeDaemon, Lines, Unexpected, holds, owner_keys, replaced
from zmq.utils import z85

LIMIT_S = 120
KINDS = {
    "usage": 64,
    "contradiction": 65,
    "unreachable": 69,
    "input_output": 74,
    "busy": 75,
    "protocol": 76,
    "not_permitted": 77,
}
BODIES = ("command", "question", "request", "follow", "check_history")
PARTS = ("receipt", "answer", "page", "checkpoint")
# What a machine that is busy needs; a case that is about time names its own.
TIMEOUT_MS = 60_000
ID_AGE_MS = 600_000


class Adapter:
    """The client of one language, and what ended in it."""

    def __init__(self, command):
        self.lines = Lines(command)
        self.ended = {}
        self.pages = {}
        self.taken = set()

    def ask(self, **fields):
        """The line that tells what became of this one."""
        self.lines.write(fields)
        return self.until(lambda line: line if line.get("did") == fields["do"] else None)

    def until(self, found):
        """Reads until `found` gives something; keeps what ended meanwhile."""
        limit = time.monotonic() + LIMIT_S
        while True:
            line = self.lines.next(limit)
            if line is None:
                raise Unexpected("the adapter ended" + self.lines.end_words())
            self.keep(line)
            if result := found(line):
                return result

    def keep(self, line):
        if "ended" in line:
            if line["ended"] in self.ended:
                raise Unexpected(f"'{line['ended']}' ended twice", line)
            self.ended[line["ended"]] = line | {"at": time.monotonic()}
        elif line.get("seqs"):
            self.pages.setdefault(line["page_of"], []).append(line["seqs"])

    def end_of(self, name):
        if name not in self.ended:
            self.until(lambda _: name in self.ended)
        return self.ended[name]

    def page_of(self, name):
        def first():
            pages = self.pages.get(name)
            return pages.pop(0) if pages else None

        page = first()
        return page if page is not None else self.until(lambda _: first())

    def kill(self):
        self.lines.kill()

    def close(self):
        code, rest = self.lines.finish()
        for line in rest:
            self.keep(line)
        if code != 0:
            raise Unexpected(f"the adapter ended with {code}{self.lines.end_words()}")


class Play:
    """One case, played."""

    def __init__(self, case, texts, programs, folder):
        self.case, self.folder, self.programs = case, folder, programs
        self.names = dict(texts)
        self.sent_at = {}
        self.curve = case.get("transport", "ipc") == "curve"
        self.daemon = None

    def run(self):
        for name, text in self.case.get("files", {}).items():
            self.write_file(name, self.value(text))
        self.adapter = None
        try:
            self.start_daemon()
            self.adapter = Adapter(self.programs.adapter)
            if self.case.get("opens", True):
                self.do_open({"open": {}})
            for number, step in enumerate(self.case["steps"], 1):
                self.step(number, step)
            self.adapter.close()
            self.daemon.end()
        finally:
            for program in (self.adapter, self.daemon):
                if program is not None:
                    program.kill()

    def step(self, number, step):
        act = getattr(self, f"do_{next(iter(step))}", None)
        if act is None:
            raise Unexpected(f"step {number} is none: {json.dumps(step)}")
        try:
            act(step)
        except Unexpected as wrong:
            wrong.step = f"step {number}, {json.dumps(step, ensure_ascii=False)[:300]}"
            raise

    def value(self, given):
        return replaced(given, self.names)

    def start_daemon(self):
        if self.case["daemon"] == "fake":
            self.daemon = FakeDaemon(self.programs.fake, self.folder, self.curve)
        else:
            self.daemon = RealDaemon(self.programs.project, self.programs.real, self.folder)
            self.daemon.start()
            self.own = owner_keys(self.daemon.data)
            self.names["owner_key"] = list(z85.decode(self.own["public_key"]))

    def do_daemon(self, step):
        self.daemon.hand(self.value(step["daemon"]))

    def do_daemon_done(self, _):
        self.daemon.wait_until_done(LIMIT_S)

    def do_open(self, step):
        options = self.options({**self.case.get("options", {}), **step["open"]})
        told = self.adapter.ask(do="open", options=options)
        self.expect_error(step.get("error"), told.get("error"))

    def options(self, given):
        options = {"timeout_ms": TIMEOUT_MS, **self.daemon.addresses(self.curve)}
        if self.curve:
            public, secret = (key.decode() for key in zmq.curve_keypair())
            if self.case["daemon"] == "real":
                public, secret = self.own["public_key"], self.own["secret_key"]
            options |= {"public_key": public, "secret_key": secret}
        options |= self.value(given)
        if options.get("server_key") == "other":
            options["server_key"] = zmq.curve_keypair()[0].decode()
        if "checkpoint_file" in options:
            options["checkpoint_file"] = os.path.join(self.folder, options["checkpoint_file"])
        return {name: value for name, value in options.items() if value is not None}

    def do_send(self, step):
        name = step["send"]
        body = {part: self.value(step[part]) for part in BODIES if part in step}
        self.adapter.ended.pop(name, None)
        self.sent_at[name] = time.monotonic()
        told = self.adapter.ask(do="send", name=name, **body)
        self.expect_error(step.get("refused"), told.get("error"))
        if "command" in body and "refused" not in step:
            self.check_id(told["id"], body["command"].get("id"))
            self.names[name] = {"id": told["id"]}

    def check_id(self, told, given):
        if given is not None:
            if told != given:
                raise Unexpected(f"the id is {told} instead of {given}")
            return
        high = int(told.replace("-", "")[:16], 16)
        age_ms = time.time() * 1_000 - (high >> 16)
        if high >> 12 & 15 != 7 or told[19] not in "89ab" or not 0 <= age_ms + 1 < ID_AGE_MS:
            raise Unexpected(f"{told} is no UUIDv7 of now")
        if any(told == known.get("id") for known in self.names.values() if type(known) is dict):
            raise Unexpected(f"{told} is the id of an earlier command")

    def expect_error(self, kind, error):
        if kind is None and error is not None:
            raise Unexpected("the client says an error", error)
        if kind is None:
            return
        if error is None:
            raise Unexpected(f"the client says no error '{kind}'")
        if error.get("kind") != kind or error.get("number") != KINDS[kind]:
            raise Unexpected(f"the error is not '{kind}', {KINDS[kind]}", error)
        if not error.get("sentence") or not error.get("remedy"):
            raise Unexpected("the error has no sentence and remedy", error)

    def do_ends(self, step):
        name = step["ends"]
        ended = self.adapter.end_of(name)
        self.check_end(step, ended)
        after = (ended["at"] - self.sent_at[name]) * 1_000
        if after < step.get("after_ms", 0):
            raise Unexpected(f"it ended after {after:.0f} ms already", ended)
        known = self.names.get(name, {})
        self.names[name] = known | {part: ended[part] for part in PARTS if part in ended}

    def check_end(self, step, ended):
        self.expect_error(step.get("error"), ended.get("error"))
        if "error" in step:
            said = ended["error"]["sentence"] + " " + ended["error"]["remedy"]
            for text in self.value(step.get("says", [])):
                if text not in said:
                    raise Unexpected(f"it does not say '{text}'", ended["error"])
            return
        message = next(ended[part] for part in PARTS if part in ended)
        wanted = copy.copy(self.value(step.get("holds", {})))
        if "code" in step:
            wanted["code"] = step["code"]
        if not holds(message, wanted):
            raise Unexpected(f"it does not hold {json.dumps(wanted)}", message)

    def do_page(self, step):
        seqs = [int(seq) for seq in self.adapter.page_of(step["page"])]
        if seqs != step["seqs"]:
            raise Unexpected(f"the page has the records {seqs}")

    def do_cancel(self, step):
        told = self.adapter.ask(do="cancel", name=step["cancel"])
        if told["gives"] is not step["gives"]:
            raise Unexpected(f"it gives {told['gives']}")

    def do_silent(self, step):
        if step["silent"] in self.adapter.ended:
            raise Unexpected("it has ended", self.adapter.ended[step["silent"]])

    def do_repeat(self, step):
        limit = time.monotonic() + LIMIT_S
        while not self.daemon.is_done():
            if time.monotonic() > limit:
                raise Unexpected("the daemon is not done")
            self.do_send({**step, "send": step["repeat"]})
            self.check_end(step, self.adapter.end_of(step["repeat"]))

    def do_kill(self, _):
        self.daemon.kill()

    def do_stop(self, _):
        self.daemon.end()

    def do_start(self, _):
        self.daemon.start()

    def do_file(self, step):
        path = os.path.join(self.folder, step["file"])
        if "write" in step:
            self.write_file(step["file"], self.value(step["write"]))
            return
        found = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                found = file.read()
        if found != self.value(step["is"]):
            raise Unexpected(f"the file is {found!r}")

    def do_code(self, step):
        told = self.adapter.ask(do="code", of=step["code"])
        if not holds(told, step["holds"]) or not told.get("sentence") or not told.get("remedy"):
            raise Unexpected("that is not it", told)

    def write_file(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def play(case, texts, programs):
    """What went wrong, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        one = Play(case, texts, programs, folder)
        try:
            one.run()
            return None
        except Unexpected as wrong:
            daemon = one.daemon.words() if one.daemon else ""
            return "\n".join([f"  {wrong.step}", f"  {wrong}", daemon])
        except Exception:
            return traceback.format_exc()


def read_cases(only):
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
    names = set()
    for path in sorted(glob.glob(f"{folder}/*.json")):
        with open(path, encoding="utf-8") as file:
            group = json.load(file)
        texts = {
            name: text if isinstance(text, str) else text["repeat"] * text["times"]
            for name, text in group.get("texts", {}).items()
        }
        for case in group["cases"]:
            if case["name"] in names:
                sys.exit(f"two cases are named {case['name']}")
            names.add(case["name"])
            if only in case["name"]:
                yield case, texts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("project")
    parser.add_argument("fake")
    parser.add_argument("real")
    parser.add_argument("--only", default="")
    parser.add_argument("adapter", nargs="+")
    programs = parser.parse_args()
    count, failed = 0, []
    for case, texts in read_cases(programs.only):
        count += 1
        began = time.monotonic()
        wrong = play(case, texts, programs)
        took = f"{time.monotonic() - began:5.1f} s"
        print(f"{'failed' if wrong else 'ok    '} {took}  {case['name']}", flush=True)
        if wrong:
            print(wrong, flush=True)
            failed.append(case["name"])
    print(f"{count - len(failed)} of {count} cases")
    sys.exit(1 if failed or count == 0 else 0)


if __name__ == "__main__":
    main()
