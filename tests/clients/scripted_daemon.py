#!/usr/bin/python3
"""The fake daemon's program as clients in other languages use it.

scripted_daemon.py PROJECT FAKE_DAEMON EVENT_LOOP_EXAMPLE. It plays the script of its README to a
client in Python, and the example of the C++ client's README runs against it.
"""

import contextlib
import json
import re
import subprocess
import sys
import tempfile

import zmq
from a_daemon import generate

DOORS = ("commands", "queries", "history")
WAIT_MS = 120_000


class Daemon:
    """The program, with what it reports read as it comes."""

    def __init__(self, program, folder, script="", curve=False):
        with open(f"{folder}/script", "w", encoding="utf-8") as file:
            file.write(script)
        addresses = ["tcp://127.0.0.1:*" if curve else f"ipc://{folder}/{n}" for n in DOORS]
        self.process = subprocess.Popen(
            [program] + ["--curve"] * curve + addresses + [f"{folder}/script"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.listening = self.wait_for("listening")

    def wait_for(self, report):
        for line in self.process.stdout:
            found = json.loads(line)
            if found["report"] == report:
                return found
        raise AssertionError(f"it ended before it reported '{report}'")

    def step(self, **fields):
        print(json.dumps(fields), file=self.process.stdin, flush=True)

    def end(self):
        rest, _ = self.process.communicate(timeout=120)
        return self.process.returncode, rest


@contextlib.contextmanager
def connection(address, kind=zmq.DEALER, **options):
    socket = zmq.Context.instance().socket(kind)
    socket.linger = 0
    socket.rcvtimeo = WAIT_MS
    for name, value in options.items():
        setattr(socket, name, value)
    socket.connect(address)
    yield socket
    socket.close()


class Messages:
    """Made and read with the code that flatc generates for Python."""

    def __init__(self):
        import flatbuffers
        import postern.schema as schema

        self.flatbuffers = flatbuffers
        self.schema = schema

    def type(self, name):
        module = __import__(f"postern.schema.{name.removesuffix('T')}", fromlist=[name])
        return getattr(module, name)

    def made(self, name, **fields):
        message = self.type(name)()
        for field, value in fields.items():
            assert hasattr(message, field), field
            setattr(message, field, value)
        return message

    def pack(self, message, identifier):
        builder = self.flatbuffers.Builder(512)
        builder.Finish(message.Pack(builder), file_identifier=identifier)
        return bytes(builder.Output())

    def command(self, alias):
        command = self.made("CommandT", bodyType=self.type("CommandBody").CreateTenant)
        command.body = self.made("CreateTenantT", alias=alias)
        message = self.made("CommandMessageT", commands=[command])
        message.id = self.made("UuidT", high=1, low=2**63)
        return self.pack(message, b"PSCM")

    def query(self, kind, number):
        query = self.made("QueryT", id=number, bodyType=getattr(self.type("QueryBody"), kind))
        query.body = self.made(f"{kind}T")
        return self.pack(query, b"PSQU")

    def request(self, kind, number):
        body_type = getattr(self.type("HistoryBody"), kind)
        request = self.made("HistoryRequestT", id=number, bodyType=body_type)
        request.body = self.made(f"{kind}T")
        return self.pack(request, b"PSHQ")

    def read(self, name, received):
        root = self.type(name).GetRootAs(received)
        return self.type(f"{name}T").InitFromObj(root)


def readme_script(project):
    path = f"{project}/tests/support/fake_daemon/README.md"
    with open(path, encoding="utf-8") as file:
        return re.search(r"```\n(.*?)```", file.read(), re.S)[1]


def play_readme(project, program, folder, messages):
    daemon = Daemon(program, folder, readme_script(project))
    code = messages.type("Code")
    with connection(daemon.listening["commands"]) as socket:
        sent = messages.command("acme")
        for _ in range(3):
            socket.send(sent)
        received = daemon.wait_for("received")
        assert received["kind"] == "CreateTenant" and received["bytes"] == sent.hex(), received
        assert received["message"]["id"] == {"high": 1, "low": 2**63}, received
        busy, done = (messages.read("Receipt", socket.recv()) for _ in range(2))
        assert (busy.code, busy.retryAfterMs) == (code.busy, 20)
        assert (done.code, done.seq, done.id.low) == (code.ok, 7, 2**63)
    with connection(daemon.listening["queries"]) as socket:
        for number in (11, 12):
            socket.send(messages.query("Check", number))
        answers = [messages.read("Answer", socket.recv()) for _ in range(3)]
        assert [(a.id, a.seq) for a in answers] == [(12, 2), (12, 2), (11, 1)]
    # As a REQ does it, with an empty frame before.
    with connection(daemon.listening["queries"], zmq.REQ) as socket:
        for number in (13, 14):
            socket.send(messages.query("GetStatus", number))
            assert messages.read("Answer", socket.recv()).body.seq == 7
    with connection(daemon.listening["history"]) as socket:
        socket.send(messages.request("GetRecords", 21))
        page = messages.read("HistoryPage", socket.recv()).body
        assert messages.read("Record", bytes(page.records[0].bytes)).seq == 1
        daemon.wait_for("listening")
    with connection(daemon.listening["history"]) as socket:
        socket.send(b"whatever")
        assert socket.recv() == b"\x00\xff"
    ended, rest = daemon.end()
    assert ended == 0, rest


def notice_what_is_unexpected(program, folder, messages):
    daemon = Daemon(program, folder, '{"receive": "Check"}\n')
    with connection(daemon.listening["queries"]) as socket:
        socket.send(messages.query("GetStatus", 1))
        failed = daemon.wait_for("failed")
        assert "GetStatus" in failed["why"] and failed["step"] == 1, failed
        assert daemon.end()[0] == 1
    daemon = Daemon(program, folder)
    with connection(daemon.listening["queries"]) as socket:
        socket.send(messages.query("GetStatus", 1))
        daemon.wait_for("received")
        ended, rest = daemon.end()
        assert ended == 1 and "no step expects" in rest, rest
    daemon = Daemon(program, folder)
    daemon.step(receives="Check")
    assert daemon.end()[0] == 64


def turn_away(program, folder, messages):
    daemon = Daemon(program, folder, curve=True)
    daemon.step(admit=False)
    daemon.wait_for("done")
    public, secret = zmq.curve_keypair()
    keys = {
        "curve_serverkey": daemon.listening["server_key"].encode(),
        "curve_publickey": public,
        "curve_secretkey": secret,
    }
    with connection(daemon.listening["queries"], **keys):
        daemon.wait_for("denied")
    daemon.step(admit=True)
    daemon.wait_for("done")
    daemon.step(receive="GetStatus", answer={"code": "ok"})
    with connection(daemon.listening["queries"], **keys) as socket:
        socket.send(messages.query("GetStatus", 3))
        assert messages.read("Answer", socket.recv()).id == 3
    ended, rest = daemon.end()
    assert ended == 0, rest


def run_example(program, folder, example):
    """Two names at once; the daemon is busy at first, and answers the second name before."""
    check = {"receive": "Check", "where": {"tenant": "acme"}}

    def decision(allowed):
        return {"body_type": "Checked", "body": {"decisions": [{"allowed": allowed}]}}

    daemon = Daemon(program, folder)
    daemon.step(**check, answer={"code": "busy", "retry_after_ms": 10})
    daemon.step(**check, answer=decision(False))
    daemon.step(**check, answer=decision(True))
    loop = subprocess.Popen(
        [example, daemon.listening["queries"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    loop.stdin.write("anna\nbert\n")
    loop.stdin.flush()
    assert loop.stdout.readline() == "bert may not, or nobody answered\n"
    assert loop.stdout.readline() == "anna may\n"
    loop.communicate(timeout=120)
    assert loop.returncode == 0, loop.returncode
    ended, rest = daemon.end()
    assert ended == 0, rest


def run_threads(program, folder, example):
    """A thread for each name, all at one client."""
    daemon = Daemon(program, folder)
    for name, allowed in ("anna", True), ("bert", False):
        decision = {"body_type": "Checked", "body": {"decisions": [{"allowed": allowed}]}}
        daemon.step(always="Check", where={"body": {"credential": {"username": name}}},
                    answer=decision)
    for _ in range(2):
        daemon.wait_for("done")
    asked = subprocess.run(
        [example, daemon.listening["queries"], "anna", "bert"],
        stdout=subprocess.PIPE, text=True, timeout=120, check=True,
    )
    assert asked.stdout == "anna may\nbert may not, or nobody answered\n", asked.stdout
    ended, rest = daemon.end()
    assert ended == 0, rest


def main(project, program, example, threads):
    with tempfile.TemporaryDirectory() as folder:
        generate(project, folder, "--python")
        sys.path.insert(0, f"{folder}/generated")
        messages = Messages()
        play_readme(project, program, folder, messages)
        notice_what_is_unexpected(program, folder, messages)
        turn_away(program, folder, messages)
        run_example(program, folder, example)
        run_threads(program, folder, threads)


if __name__ == "__main__":
    main(*sys.argv[1:])
