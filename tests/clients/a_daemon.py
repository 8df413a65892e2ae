"""What the clients in other languages share: a real daemon, and code generated from the schema."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile

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
