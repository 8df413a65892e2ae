#!/usr/bin/python3
"""How fast the Python client checks: for speed.py, which holds it against the C++ client.

python_speed.py PACKAGES QUERIES: for each line "CHECKS BATCHES" it does and prints what
client_speed.cpp does. PACKAGES is the folder the client is installed in.
"""

import json
import statistics
import sys
import time

BATCH_SIZE = 100


def measure(client, schema, questions, count):
    """How long each of so many took, in microseconds."""
    took_us = []
    for _ in range(count):
        begun = time.perf_counter()
        asked = [("read", f"table/customer/{number}") for number in range(questions)]
        shop = schema.NamedUser(username="shop")
        call = schema.Call(address="192.0.2.7", tls=True)
        assert all(client.check_all("acme", shop, asked, call=call))
        took_us.append((time.perf_counter() - begun) * 1e6)
    return took_us


def main(packages, queries):
    sys.path.insert(0, packages)
    from postern import Client, schema

    with Client(queries=queries) as client:
        for line in sys.stdin:
            checks, batches = map(int, line.split())
            single = measure(client, schema, 1, checks)
            rate = batches * BATCH_SIZE / sum(measure(client, schema, BATCH_SIZE, batches)) * 1e6
            found = {"p50_us": statistics.median(single), "batch_questions_per_s": rate}
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
