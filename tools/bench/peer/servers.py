"""servers.py BUILD [OPTION…]: starts each peer with fresh data, and measures them by peer_bench.

What is set differs from a peer's defaults only where this says so; peer_bench prints it.
"""

import argparse
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CERBOS = "cerbos@0.51.0"
LIMIT_S = 60
POSTGRES_BIN = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))


class Trouble(Exception):
    """What a person can do something about."""


class Options(argparse.ArgumentParser):
    """What is said wrongly is told before any server is started."""

    def error(self, message):
        self.exit(64, f"peers: {message}; see tools/bench/peers --help\n")


def started(stack, name, output, command, **options):
    """A server whose words go to a file; ended with the stack."""
    words = open(output, "wb")
    process = subprocess.Popen(command, stdout=words, stderr=subprocess.STDOUT,
                               start_new_session=True, **options)

    def end():
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        words.close()
    stack.callback(end)
    return name, process, output


def await_answer(server, answers):
    """Until it answers; its own words if it ends instead."""
    name, process, output = server
    limit = time.monotonic() + LIMIT_S
    while not answers():
        if process.poll() is not None or time.monotonic() > limit:
            raise Trouble(f"{name} does not start:\n{output.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def accepts(family, address):
    with socket.socket(family) as tried:
        return tried.connect_ex(address) == 0


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def redis(stack, folder, _):
    path = str(folder / "socket")
    server = started(stack, "Redis", folder / "output", [
        "redis-server", "--port", "0", "--unixsocket", path, "--dir", str(folder), "--save", "",
        "--appendonly", "yes", "--appendfsync", "always"])
    await_answer(server, lambda: accepts(socket.AF_UNIX, path))
    return ["--redis", path]


def postgres(stack, folder, _):
    if not POSTGRES_BIN:
        raise Trouble("PostgreSQL's programs are not in /usr/lib/postgresql")
    programs = POSTGRES_BIN[-1]
    # It does not run as root.
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    options = {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}
    data = folder / "data"
    if options:
        shutil.chown(folder, user)
    made = subprocess.run([programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres"],
                          capture_output=True, text=True, check=False, cwd=folder, **options)
    if made.returncode != 0:
        raise Trouble("initdb: " + made.stderr)
    server = started(stack, "PostgreSQL", folder / "output", [
        programs / "postgres", "-D", data, "-k", str(folder), "-c", "listen_addresses=",
        "-c", "max_connections=200", "-c", "shared_buffers=256MB"], cwd=folder, **options)
    ready = [programs / "pg_isready", "-q", "-h", str(folder)]
    await_answer(server, lambda: subprocess.run(ready, check=False).returncode == 0)
    return ["--postgres", f"host={folder} user=postgres dbname=postgres"]


def etcd(stack, folder, _):
    clients, members = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    server = started(stack, "etcd", folder / "output", [
        "etcd", "--data-dir", str(folder / "data"), "--listen-client-urls", clients,
        "--advertise-client-urls", clients, "--listen-peer-urls", members,
        "--initial-advertise-peer-urls", members, "--initial-cluster", f"default={members}",
        "--log-level", "error"])
    where = clients.removeprefix("http://")
    host, port = where.split(":")
    await_answer(server, lambda: accepts(socket.AF_INET, (host, int(port))))
    return ["--etcd", where]


def cerbos(stack, folder, arguments):
    programs = arguments.build / "peers"
    program = programs / "node_modules/.bin/cerbos"
    if not program.exists():
        programs.mkdir(exist_ok=True)
        got = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", CERBOS],
                             cwd=programs, capture_output=True, text=True, check=False)
        if got.returncode != 0:
            raise Trouble(f"npm cannot install {CERBOS}: {got.stderr}")
    binary = next(programs.glob("node_modules/@cerbos/cerbos-linux-*/cerbos-linux-*"), program)
    subprocess.run([arguments.build / "bin/peer_bench", "--write-policies", folder,
                    "--users", str(arguments.users)], check=True)
    return [f"--cerbos=unix:{cerbos_with(stack, folder / 'users', binary)}",
            f"--cerbos-granted=unix:{cerbos_with(stack, folder / 'granted', binary)}"]


def cerbos_with(stack, policies, binary):
    """With the policies of this folder; its socket, which lies beside it."""
    settings, path = policies.with_suffix(".settings"), policies.with_suffix(".socket")
    settings.write_text(f"""\
server:
  httpListenAddr: "unix:{policies.with_suffix('.http')}"
  grpcListenAddr: "unix:{path}"
storage:
  driver: disk
  disk:
    directory: {policies}
    watchForChanges: false
audit:
  enabled: false
telemetry:
  disabled: true
""")
    server = started(stack, "Cerbos", policies.with_suffix(".output"), [
        binary, "server", "--log-level=error", f"--config={settings}"])
    await_answer(server, lambda: accepts(socket.AF_UNIX, str(path)))
    return path


PEERS = {"redis": redis, "postgres": postgres, "etcd": etcd, "cerbos": cerbos}


def main():
    parser = Options(prog="peers", allow_abbrev=False)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--without", action="append", default=[], choices=PEERS)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scratch", default="/var/tmp")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = pathlib.Path(stack.enter_context(
            tempfile.TemporaryDirectory(prefix="postern-peers-", dir=arguments.scratch)))
        # PostgreSQL's user goes through it.
        scratch.chmod(0o711)
        options = []
        for name, start in PEERS.items():
            if name in arguments.without:
                continue
            folder = scratch / name
            folder.mkdir()
            print(f"starting {name} …", file=sys.stderr)
            options += start(stack, folder, arguments)
        program = arguments.build / "bin/peer_bench"
        return subprocess.run([program, "--daemon", arguments.build / "bin/posternd", "--scratch",
                               scratch, "--users", str(arguments.users), "--rounds",
                               str(arguments.rounds), "--seconds", str(arguments.seconds),
                               *["--json"] * arguments.json, *options],
                              check=False).returncode


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except Trouble as trouble:
        print(f"peers: {trouble}", file=sys.stderr)
        sys.exit(69)
