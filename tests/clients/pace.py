#!/usr/bin/python3
"""How fast checks through the Python client are beside the C++ client's, on one connection.

pace.py PROJECT POSTERND CLIENT_PACE PACKAGES [ROUNDS]. The two take turns against one daemon over
ipc; of each the best of the turns counts. PACKAGES is the folder the Python client is installed in.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time

from a_daemon import RealDaemon

TURNS = 5


def prepare(client, schema):
    """A user who may do what is asked."""
    grant = schema.AddGrant(effect=schema.Effect.allow, action="read", resource="table/customer")
    message = schema.CommandMessage(
        tenant="acme",
        commands=[
            schema.Command(body=schema.CreateTenant(alias="acme")),
            schema.Command(body=schema.CreateUser(username="shop")),
            schema.Command(user="shop", body=grant),
        ],
    )
    assert client.execute(message).ok


def python_pace(client, schema, rounds, questions):
    times = []
    begun = time.perf_counter()
    for _ in range(rounds):
        sent = time.perf_counter()
        asked = [("read", f"table/customer/field{i}") for i in range(questions)]
        decisions = client.check_all("acme", schema.NamedUser(username="shop"), asked)
        assert decisions[0]
        times.append((time.perf_counter() - sent) * 1e6)
    seconds = time.perf_counter() - begun
    return {"p50_us": statistics.median(times), "per_second": rounds * questions / seconds}


def cpp_pace(program, queries, rounds, questions):
    command = [program, queries, str(rounds), str(questions)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def compare(client, schema, program, queries, rounds, questions):
    python, cpp = [], []
    for _ in range(TURNS):
        python.append(python_pace(client, schema, rounds, questions))
        cpp.append(cpp_pace(program, queries, rounds, questions))
    for name, found in (("Python", python), ("C++", cpp)):
        p50 = min(one["p50_us"] for one in found)
        rate = max(one["per_second"] for one in found)
        print(f"{name:7} {questions:4} at once: p50 {p50:7.0f} us, {rate:9.0f} checks a second")
    times = min(one["p50_us"] for one in python) / min(one["p50_us"] for one in cpp)
    rates = max(one["per_second"] for one in python) / max(one["per_second"] for one in cpp)
    print(f"        {questions:4} at once: {times:.2f} times the p50, {rates:.2f} of the rate")


def main(project, posternd, program, packages, rounds="2000"):
    sys.path.insert(0, packages)
    from postern import Client, Options, schema

    with tempfile.TemporaryDirectory() as folder:
        daemon = RealDaemon(project, posternd, folder)
        daemon.start()
        with Client(Options.of_data_folder(daemon.data)) as client:
            prepare(client, schema)
            queries = daemon.addresses(curve=False)["queries"]
            for questions in (1, 100):
                compare(client, schema, program, queries, int(rounds) // questions * 10 if
                        questions > 1 else int(rounds), questions)
        daemon.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
