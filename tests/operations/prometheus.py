#!/usr/bin/python3
"""The dashboard, the rules and a real Prometheus that reads a real daemon.

prometheus.py PROJECT BIN LIBRARIES, with `prometheus` and `promtool` on the path. Every query of
the dashboard and every series that a rule names returns data; the rules load; each alert that a
fault of one daemon can bring within minutes fires by it, the others in promtool's own time. Each
has a line in the handbook. Prometheus has the rules without their waits (`for`), which promtool
tries as they are.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from machine import Machine

PATIENCE_S = 120
SELECTOR = re.compile(r"\b(?:postern|process)_\w+(?:\{[^}]*\})?")


def wait_for(what, look):
    """Until `look` gives something; asks as often as Prometheus scrapes."""
    until = time.monotonic() + PATIENCE_S
    tick = threading.Event()
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        tick.wait(1)
    raise SystemExit(f"never came: {what}")


class Prometheus:
    def __init__(self, root, project, target):
        self.port = target + 4
        rules = f"{root}/alerts.yml"
        with open(f"{project}/packaging/monitoring/alerts.yml", encoding="utf-8") as file:
            without_waits = re.sub(r"\n +for: \S+", "", file.read())
        with open(rules, "w", encoding="utf-8") as file:
            file.write(without_waits)
        with open(f"{root}/prometheus.yml", "w", encoding="utf-8") as file:
            file.write(
                "global: { scrape_interval: 1s, evaluation_interval: 1s }\n"
                f"rule_files: [{rules}]\n"
                "scrape_configs:\n  - job_name: postern\n    static_configs:\n"
                f"      - targets: ['127.0.0.1:{target + 5}']\n"
            )
        self.log = open(f"{root}/prometheus.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={root}/prometheus.yml", f"--storage.tsdb.path={root}/p"]
            + [f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self.log,
            stderr=self.log,
        )

    def ask(self, path, **arguments):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?" + urllib.parse.urlencode(arguments)
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{arguments}: {error.read().decode()}") from error
        except urllib.error.URLError:
            return None

    def query(self, expression):
        found = self.ask("query", query=expression)
        return found and found["result"]

    def rules(self):
        groups = self.ask("rules")
        return [rule for group in groups["groups"] for rule in group["rules"]] if groups else []

    def firing(self):
        return {rule["name"] for rule in self.rules() if rule["state"] == "firing"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def dashboard_queries(project):
    with open(f"{project}/packaging/monitoring/dashboard.json", encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    for panel in panels:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
            yield panel["title"], text


def check_files(project, root):
    """What needs no daemon: the rules are good, the slow alerts fire, each has its line."""
    for name in ("packaging/monitoring/alerts.yml", "tests/operations/alerts_tests.yml"):
        shutil.copy(f"{project}/{name}", root)
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_tests.yml"]):
        subprocess.run(["promtool", *command], cwd=root, check=True)
    with open(f"{root}/alerts.yml", encoding="utf-8") as file:
        rules = file.read()
    with open(f"{root}/alerts_tests.yml", encoding="utf-8") as file:
        tried = set(re.findall(r"^        alertname: (\w+)", file.read(), re.M))
    with open(f"{project}/packaging/handbook/alerts.md", encoding="utf-8") as file:
        told = set(re.findall(r'<a id="(\w+)">', file.read()))
    names = re.findall(r"- alert: (\w+)", rules)
    anchors = re.findall(r"runbook: \"alerts\.md#(\w+)\"", rules)
    assert anchors == [name.lower() for name in names], "a runbook is another's"
    assert told == set(anchors), f"lines and alerts differ: {told ^ set(anchors)}"
    return set(names) - tried


class Story:
    """What is done to the daemon, so that every figure is there and every fast alert fires."""

    def __init__(self, machine, root):
        self.machine, self.root = machine, root
        self.data, self.postern = machine.data, machine.postern

    def settings(self, *lines):
        with open(f"{self.root}/etc/postern/postern.toml", "r+", encoding="utf-8") as file:
            text = re.sub(r"\n\[journal\]\n.*", "", file.read(), flags=re.S)
            file.seek(0)
            file.truncate()
            file.write(text + "\n[journal]\n" + "\n".join(lines) + "\n")
        self.postern("reload")

    def ordinary(self):
        self.postern("tenant", "create", "acme")
        at = ["--tenant", "acme"]
        self.postern(*at, "user", "create", "shop", "--password", text="correct horse 1\n")
        self.postern(*at, "grant", "add", "shop", "read", "table/customer")
        for _ in range(2):
            self.postern(*at, "check", "shop", "read", "table/customer/email")
            self.postern(*at, "check", "shop", "write", "table/customer/email", good=(1,))
            self.postern(*at, "authenticate", "shop", text="correct horse 1\n")
        self.postern(*at, "user", "list")
        self.postern("tenant", "create", "acme", good=None)
        with open(f"{self.root}/AWS", "w", encoding="utf-8") as file:
            where = {"region": "a", "service": "A", "network_border_group": "a"}
            json.dump({"syncToken": "1", "createDate": "2026-11-01-00-00-00",
                       "prefixes": [{"ip_prefix": "3.2.34.0/26"} | where],
                       "ipv6_prefixes": [{"ipv6_prefix": "2600:1f00::/24"} | where]},
                      file)  # fmt: skip
        self.postern("network", "import", "AWS", f"{self.root}/AWS")

    def locks(self):
        at = ["--tenant", "acme"]
        users = [f"guessed-{number}" for number in range(8)]
        for user in users:
            self.postern(*at, "user", "create", user, "--password", text="correct horse 1\n")
            for attempt in range(5):
                self.postern(*at, "authenticate", user, text=f"wrong password {attempt}\n",
                             good=None)  # fmt: skip

    def not_permitted(self):
        key = f"{self.root}/auditor.key"
        self.postern("operator", "add", "ann", "--role", "auditor", "--tenants", "all",
                     "--key-out", key)  # fmt: skip
        for number in range(25):
            self.postern("--key", key, "tenant", "create", f"t{number}", good=None)

    def strangers(self):
        key = f"{self.root}/stranger.key"
        self.postern("operator", "add", "gone", "--role", "auditor", "--tenants", "all",
                     "--key-out", key)  # fmt: skip
        self.postern("operator", "remove", "gone", "--yes")
        asks = [
            subprocess.Popen(
                ["postern", "--data", self.data, "--key", key, "--answer-timeout", "1", "status"],
                env=self.machine.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(25)
        ]
        for one in asks:
            one.wait()

    def pid(self):
        with open(f"{self.root}/pid", encoding="utf-8") as file:
            return int(file.read())

    def limit(self, what, most):
        resource.prlimit(self.pid(), what, (most, resource.prlimit(self.pid(), what)[1]))

    def leave_few_descriptors(self):
        """Enough for the page and a command."""
        taken = len(os.listdir(f"/proc/{self.pid()}/fd"))
        self.limit(resource.RLIMIT_NOFILE, taken + 10)

    def fail_the_journal(self):
        self.limit(resource.RLIMIT_FSIZE, 1)
        self.postern("tenant", "create", "too-late", good=None)


def hold_syncs(story, held, prometheus):
    """The disk does not answer until the alert has fired."""
    os.mkfifo(f"{held}/sync")
    waiting = threading.Thread(
        target=story.postern, args=("--answer-timeout", "200", "tenant", "create", "slow"),
        kwargs={"good": None},
    )  # fmt: skip
    waiting.start()
    wait_for("PosternSyncStuck", lambda: "PosternSyncStuck" in prometheus.firing())
    os.rename(f"{held}/sync", f"{held}/over")
    tick, released = threading.Event(), False
    # Who is held need not be who is waited for: a command may be refused, and a sync be another's.
    while waiting.is_alive() or not released:
        try:
            os.close(os.open(f"{held}/over", os.O_WRONLY | os.O_NONBLOCK))
            released = True
        except OSError:
            tick.wait(0.1)
    return {"PosternSyncStuck"}


def move_clock(moved, hours):
    with open(moved, "r+b") as file:
        file.write((hours * 3_600 * 1_000_000_000).to_bytes(8, "little"))


def main(project, programs, libraries):
    with tempfile.TemporaryDirectory(prefix="p-") as root:
        to_fire = check_files(project, root)
        held = f"{root}/held"
        os.mkdir(held)
        moved = f"{root}/moved"
        with open(moved, "wb") as file:
            file.write(bytes(8))
        with Machine(project, programs, root) as machine:
            machine.preload(
                [f"{libraries}/libheld_calls.so", f"{libraries}/libmoved_clock.so"],
                HELD_CALLS=held,
                MOVED_CLOCK=moved,
            )
            machine.install()
            story = Story(machine, root)
            with Prometheus(root, project, machine.port_base) as prometheus:
                wait_for("the first scrape", lambda: prometheus.query("postern_journal_seq"))
                story.ordinary()
                fired = fire(story, prometheus, held, moved)
        missing = to_fire - fired
        assert not missing, f"made to fire by nothing: {missing}"
        print(f"{len(fired)} alerts fired by a fault:", *sorted(fired))


def fire(story, prometheus, held, moved):
    """The alerts that fired; each fault ends with the alert it is for."""
    fired = set()

    def expect(*names):
        for name in names:
            wait_for(name, lambda: name in prometheus.firing())  # noqa: B023
            fired.add(name)

    project = os.path.join(os.path.dirname(__file__), "..", "..")
    for title, query in dashboard_queries(project):
        wait_for(f"data for '{title}': {query}", lambda: prometheus.query(query))  # noqa: B023
    for rule in prometheus.rules():
        assert rule["health"] in ("ok", "unknown"), rule
        for series in SELECTOR.findall(rule["query"]):
            wait_for(series, lambda: prometheus.query(series))  # noqa: B023
    # Its passwords are hashed with the least, and no copy was made of its keys.
    expect("PosternUnsafe", "PosternKeysNotBackedUp")
    story.locks()
    expect("PosternLocks")
    story.not_permitted()
    expect("PosternNotPermitted")
    story.strangers()
    expect("PosternStrangers")
    story.settings("disk_floor_mib = 1048576")
    expect("PosternDiskLow", "PosternErrors")
    story.settings("disk_floor_mib = 1")
    fired |= hold_syncs(story, held, prometheus)
    expect("PosternSyncSlow")
    move_clock(moved, hours=1)
    expect("PosternClockSuspect")
    move_clock(moved, hours=0)
    # Lines that were held back are dropped.
    expect("PosternDropped")
    story.leave_few_descriptors()
    expect("PosternDescriptors")
    story.fail_the_journal()
    expect("PosternJournalFailed")
    story.machine.run("systemctl", "stop")
    expect("PosternDown")
    return fired


if __name__ == "__main__":
    main(*sys.argv[1:])
