#!/usr/bin/python3
"""A bad day of the real daemon: a lock, a stranger, commands without the right, a copy of the keys,
a full disk, a slow disk, a reload, a restore. Its log must have the events of the handbook's page
"The log of a bad day", in their order.

bad_day.py PROJECT BIN LIBRARIES [--print]
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request

from machine import Machine

EVENT = re.compile(r"Z (?:error|warning|info) (\w+): ")


def figure(machine, name):
    page = urllib.request.urlopen(f"http://127.0.0.1:{machine.port_base + 5}/metrics", timeout=60)
    found = re.search(rf"^{name} (\S+)$", page.read().decode(), re.M)
    return float(found[1])


class Day:
    def __init__(self, machine, root):
        self.machine, self.root = machine, root
        self.data, self.postern = machine.data, machine.postern

    def reload_with(self, old, new):
        file = f"{self.root}/etc/postern/postern.toml"
        with open(file, encoding="utf-8") as before:
            text = before.read()
        with open(file, "w", encoding="utf-8") as after:
            after.write(text.replace(old, new))
        self.machine.run("systemctl", "reload", "postern")

    def lock(self):
        self.postern("tenant", "create", "acme")
        at = ["--tenant", "acme"]
        self.postern(*at, "user", "create", "shop", "--password", text="correct horse 1\n")
        for attempt in range(5):
            self.postern(*at, "authenticate", "shop", text=f"wrong {attempt}\n", good=None)

    def people(self):
        key = f"{self.root}/ann.key"
        self.postern("operator", "add", "ann", "--role", "auditor", "--tenants", "all",
                     "--key-out", key)  # fmt: skip
        self.postern("--key", key, "tenant", "create", "hers", good=None)
        self.postern("operator", "remove", "ann", "--yes")
        self.postern("--key", key, "--answer-timeout", "2", "status", good=None)

    def backup(self):
        srv = f"{self.root}/srv"
        self.postern("backup", "keys", f"{srv}/keys", "--key-out", f"{srv}/restore.key",
                     "--kept-until", "2030-01-31T00:00:00Z")  # fmt: skip
        self.postern("backup", "create", f"{self.root}/srv/bundle")

    def full_disk(self):
        self.reload_with("[log]", "[journal]\ndisk_floor_mib = 1048576\n\n[log]")
        tick = threading.Event()
        while figure(self.machine, "postern_disk_low") == 0:
            tick.wait(0.1)
        self.reload_with("disk_floor_mib = 1048576", "disk_floor_mib = 1")
        while figure(self.machine, "postern_disk_low") == 1:
            tick.wait(0.1)

    def slow_disk(self, held):
        os.mkfifo(f"{held}/sync")
        words = ("--answer-timeout", "120", "tenant", "create", "slow")
        waiting = threading.Thread(target=self.postern, args=words)
        waiting.start()
        tick = threading.Event()
        while figure(self.machine, "postern_sync_running_seconds") < 3:
            tick.wait(0.1)
        os.rename(f"{held}/sync", f"{held}/over")
        while waiting.is_alive():
            try:
                os.close(os.open(f"{held}/over", os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                waiting.join(0.1)

    def restore(self):
        self.machine.run("systemctl", "stop", "postern")
        self.machine.run("mv", self.data, f"{self.root}/srv/before")
        srv = f"{self.root}/srv"
        self.machine.run("postern", "backup", "restore", self.data, "--bundle", f"{srv}/bundle",
                         "--keys", f"{srv}/keys", "--identity", f"{srv}/restore.key")  # fmt: skip
        self.machine.run("systemctl", "start", "postern")


def events_of_page(project):
    with open(f"{project}/packaging/handbook/a-bad-day.md", encoding="utf-8") as file:
        return EVENT.findall(file.read())


def main(project, programs, libraries, *options):
    with tempfile.TemporaryDirectory(prefix="p-") as root:
        held = f"{root}/held"
        os.mkdir(held)
        with Machine(project, programs, root) as machine:
            machine.preload([f"{libraries}/libheld_calls.so"], HELD_CALLS=held)
            machine.install()
            day = Day(machine, root)
            day.lock()
            day.people()
            day.backup()
            day.full_disk()
            day.slow_disk(held)
            day.restore()
            machine.run("systemctl", "stop", "postern")
            said = machine.log().replace(root, "")
    lines = [line for line in said.splitlines() if EVENT.search(line)]
    print("\n".join(lines))
    if options == ("--print",):
        return
    came, wanted = EVENT.findall("\n".join(lines)), events_of_page(project)
    assert came == wanted, f"the handbook's page has\n{wanted}\nand the day had\n{came}"


if __name__ == "__main__":
    main(*sys.argv[1:])
