#!/usr/bin/python3
"""The settings of the real daemon read again: all of it or nothing, no connection ended, told what
changed and what needs a restart.

reload.py PROJECT BIN
"""

import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from machine import Machine


class Settings:
    def __init__(self, machine, root):
        self.machine, self.root = machine, root
        self.file = f"{root}/etc/postern/postern.toml"

    def write(self, more):
        base = self.machine.port_base
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(f"[sockets]\nport_base = {base}\n{more}\n")

    def reload(self, code):
        ran = self.machine.postern("reload", good=(code,))
        return ran.stdout + ran.stderr

    def page(self, host):
        url = f"http://{host}:{self.machine.port_base + 5}/metrics"
        try:
            return urllib.request.urlopen(url, timeout=60).read().decode()
        except urllib.error.URLError:
            return None


def try_all(machine, root):
    settings = Settings(machine, root)
    follower = subprocess.Popen(
        ["postern", "--data", machine.data, "--output", "jsonl", "events", "follow"],
        env=machine.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    passwords = "[passwords]\nmemory_kib = 8\npasses = 1\n"

    settings.write(passwords)
    told = settings.reload(0)
    assert "nothing has changed" in told, told

    settings.write(passwords + "threads = 3\n[log]\nlevel = \"debug\"\nformat = \"json\"\n"
                   "[journal]\nanchor = \"off\"\n")  # fmt: skip
    told = settings.reload(0)
    for line in ("changed      passwords.threads = 3", 'changed      log.level = "debug"',
                 'at a restart journal.anchor = "off"'):  # fmt: skip
        assert line in told, told
    said = machine.log().splitlines()[-1]
    assert '"event":"settings_need_restart"' in said and '"setting":"journal.anchor"' in said, said

    # One mistake, and nothing is taken.
    settings.write(passwords + "threads = 4\n[log]\nlevel = \"lout\"\nlevle = \"info\"\n")
    told = settings.reload(78)
    assert "log.level must be" in told and "the nearest is log.level" in told, told
    assert "settings_refused" in machine.log(), machine.log()
    with open(f"{settings.root}/pid", encoding="utf-8") as file:
        threads = f"/proc/{int(file.read())}/task"
    before = len(os.listdir(threads))

    # The page moves, goes, and comes back; where somebody else listens, nothing is taken.
    settings.write("metrics_address = \"127.0.0.2\"\n" + passwords + "threads = 1\n")
    settings.reload(0)
    assert len(os.listdir(threads)) == before - 2, "two threads should have ended"
    assert settings.page("127.0.0.1") is None and settings.page("127.0.0.2")
    with open(f"{machine.data}/addresses", encoding="utf-8") as file:
        assert "http://127.0.0.2:" in file.read()
    settings.write("metrics_address = \"0.0.0.0\"\n" + passwords + "threads = 1\n")
    settings.reload(0)
    assert settings.page("127.0.0.1") and settings.page("127.0.0.2")
    settings.write("metrics_address = \"192.0.2.1\"\n" + passwords + "threads = 2\n")
    told = settings.reload(78)
    assert "cannot listen on 192.0.2.1" in told, told
    assert settings.page("127.0.0.1"), "the page stays where it was"
    assert len(os.listdir(threads)) == before - 2, "the threads stay as they were"
    settings.write("metrics = false\n" + passwords)
    settings.reload(0)
    assert settings.page("127.0.0.1") is None

    # Who listened all the while still does.
    settings.machine.postern("tenant", "create", "acme")
    while "TenantCreated" not in follower.stdout.readline():
        assert follower.poll() is None, "the follower has ended"
    follower.kill()
    follower.wait()

    # Without a daemon it says so, and sends nobody a signal.
    machine.run("systemctl", "stop", "postern")
    told = settings.reload(69)
    assert "No daemon runs" in told, told
    shown = machine.run("posternd", "show-config", "--effective", settings.file)
    assert "metrics = false\n" in shown and 'anchor = "soon"\n' in shown, shown


def main(project, programs):
    with tempfile.TemporaryDirectory(prefix="p-") as root:
        with Machine(project, programs, root) as machine:
            machine.install()
            try:
                try_all(machine, root)
            finally:
                print(machine.log())


if __name__ == "__main__":
    main(*sys.argv[1:])
