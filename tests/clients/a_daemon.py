"""What the clients in other languages share: a real daemon, and code generated from the schema."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib

# Kept open, so that they stay locked.
LOCKS = []


def free_port_base():
    """Ten ports in a row that nobody listens on and no story has, until this program ends."""
    for base in range(30_000, 32_000, 10):
        lock = open(os.path.join(tempfile.gettempdir(), f"postern-ports-{base}.lock"), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for port in range(base, base + 10):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            LOCKS.append(lock)
            return base
        except OSError:
            lock.close()
    raise SystemExit("no free ports between 30000 and 32000")


def generate(project, folder, *options):
    """The schema's code as flatc makes it, in a folder `generated`."""
    schemas = [n for n in os.listdir(f"{project}/schema") if n.endswith(".fbs")]
    subprocess.run(
        ["flatc", *options, "--gen-object-api", "-o", f"{folder}/generated"]
        + [f"{project}/schema/{name}" for name in schemas],
        check=True,
    )


class RealDaemon:
    """posternd on a new data folder, killed, stopped and started as often as wanted."""

    def __init__(self, project, program, folder):
        sys.path.insert(0, f"{project}/tools/demo")
        self.program, self.folder, self.data = program, folder, f"{folder}/data"
        self.port_base = free_port_base()
        self.process = None
        subprocess.run([program, "init", "--data", self.data], check=True, capture_output=True)

    def start(self):
        """Returns when it says that it is ready."""
        from supervise import wait_until_ready

        with tempfile.TemporaryDirectory() as folder, open(f"{self.folder}/log", "ab") as log:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifications:
                notifications.bind(f"{folder}/notify")
                command = [self.program, "--data", self.data, "--port-base", str(self.port_base)]
                environment = os.environ | {"NOTIFY_SOCKET": f"{folder}/notify"}
                self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
                assert wait_until_ready(self.process, notifications), self.words()

    def addresses(self, curve):
        with open(f"{self.data}/addresses", "rb") as file:
            told = tomllib.load(file)
        suffix = "" if curve else "_ipc"
        doors = {name: told[name + suffix] for name in ("commands", "queries", "history")}
        return doors | ({"server_key": told["server_key"]} if curve else {})

    def kill(self):
        """As a crash of the process."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end(self):
        """It must end with 0."""
        self.process.send_signal(signal.SIGTERM)
        ended, self.process = self.process.wait(timeout=120), None
        assert ended == 0, f"the daemon ended with {ended}: {self.words()}"

    def words(self):
        with open(f"{self.folder}/log", encoding="utf-8") as file:
            return file.read()


@contextlib.contextmanager
def running(project, posternd, folder):
    """A new daemon with its data in `folder`/data; it must end with 0."""
    data = f"{folder}/data"
    subprocess.run([posternd, "init", "--data", data], check=True)
    supervise = f"{project}/tools/demo/supervise.py"
    daemon = subprocess.Popen(
        [sys.executable, supervise, f"{folder}/log", posternd, "--data", data]
        + ["--port-base", str(free_port_base())],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert daemon.stdout.readline() == "ready\n", open(f"{folder}/log").read()
        yield data
    finally:
        daemon.send_signal(signal.SIGTERM)
        ended = daemon.wait(timeout=120)
    assert ended == 0, f"the daemon ended with {ended}"
