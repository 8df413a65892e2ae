#!/usr/bin/python3
"""How fast a client checks, held against the C++ client, both by ipc on one connection.

speed.py PROJECT POSTERND POSTERN CLIENT_SPEED -- PROGRAM [ARGUMENT…]: PROGRAM gets the address of
the queries behind its arguments, reads and prints what client_speed.cpp does. The two alternate in
short rounds, since a machine's speed changes from second to second, and the median of the ratios
counts.
"""

import json
import statistics
import subprocess
import sys
import tempfile

from a_daemon import RealDaemon

WARM_ROUNDS, ROUNDS = 3, 25
CHECKS, BATCHES = 2_000, 200


class Program:
    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def round(self):
        self.process.stdin.write(f"{CHECKS} {BATCHES}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0, self.process.returncode


def prepare(postern, data):
    def run(*words):
        subprocess.run([postern, *words, "--data", data], check=True, capture_output=True)

    run("tenant", "create", "acme")
    run("user", "create", "shop", "--tenant", "acme")
    run("grant", "add", "shop", "read", "table/customer", "--tenant", "acme")


def main(project, posternd, postern, client_speed, _, *program):
    with tempfile.TemporaryDirectory() as folder:
        daemon = RealDaemon(project, posternd, folder)
        daemon.start()
        try:
            prepare(postern, daemon.data)
            queries = daemon.addresses(False)["queries"]
            programs = [Program(client_speed, queries), Program(*program, queries)]
            rounds = [[one.round() for one in programs] for _ in range(WARM_ROUNDS + ROUNDS)]
            for one in programs:
                one.end()
        finally:
            daemon.kill()
    for name in ("p50_us", "batch_questions_per_s"):
        floor, own = ([one[at][name] for one in rounds[WARM_ROUNDS:]] for at in (0, 1))
        ratios = [found / held for held, found in zip(floor, own)]
        print(
            f"{name}: {statistics.median(own):.0f}, C++ {statistics.median(floor):.0f}, "
            f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
