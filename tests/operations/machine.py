"""A machine with Postern on it, in a folder: what a package would have made, and stand-ins for the
programs of a machine that a test cannot have. `systemctl` starts and stops the real daemon as the
unit's ExecStart does; `apt-get` does what the installation of the package does; `journalctl` prints
what the daemon said."""

import json
import os
import select
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "clients"))

from a_daemon import free_port_base  # noqa: E402

SYSTEMCTL = r'''#!/usr/bin/python3
import json, os, select, signal, subprocess, sys

root, programs = {root!r}, {programs!r}
pid_file, log = f"{{root}}/pid", f"{{root}}/log"
data, config = f"{{root}}/var/lib/postern", f"{{root}}/etc/postern/postern.toml"


def pid():
    try:
        return int(open(pid_file).read())
    except FileNotFoundError:
        return 0


def start():
    if pid():
        return
    told = f"{{data}}/addresses"
    if os.path.exists(told):
        os.unlink(told)
    child = subprocess.Popen(
        [f"{{programs}}/posternd", "--data", data, "--config", config],
        stdout=open(log, "ab"), stderr=subprocess.STDOUT, start_new_session=True,
        env=os.environ | json.load(open(f"{{root}}/daemon.json")))
    ended = os.pidfd_open(child.pid)
    while not os.path.exists(told):
        # It is looked for again now and then, as nothing else says that it is there.
        if select.select([ended], [], [], 0.05)[0]:
            raise SystemExit(f"posternd did not start: {{open(log).read()}}")
    open(pid_file, "w").write(str(child.pid))


def stop():
    if not pid():
        return
    ended = os.pidfd_open(pid())
    os.kill(pid(), signal.SIGTERM)
    assert select.select([ended], [], [], 120)[0], "it does not end"
    os.unlink(pid_file)


def reload():
    """SIGHUP, until the daemon has said what came of it."""
    told = f"{{data}}/reloaded"
    before = open(told).read() if os.path.exists(told) else ""
    os.kill(pid(), signal.SIGHUP)
    while not os.path.exists(told) or open(told).read() == before:
        select.select([], [], [], 0.05)


verb = [word for word in sys.argv[1:] if not word.startswith("-")][0]
if verb == "start":
    start()
elif verb == "stop":
    stop()
elif verb == "restart":
    stop()
    start()
elif verb == "reload":
    reload()
elif verb in ("is-active", "status"):
    sys.exit(0 if pid() else 3)
else:
    raise SystemExit(f"no stand-in for systemctl {{verb}}")
'''

APT_GET = r'''#!/bin/sh
set -e
test -e {root}/var/lib/postern/journal || {{
  {programs}/posternd init --data {root}/var/lib/postern
}}
{root}/bin/systemctl restart postern
'''

JOURNALCTL = "#!/bin/sh\nexec cat {root}/log\n"


class Machine:
    """To be used in `with`: whatever runs is ended."""

    def __init__(self, project, programs, root):
        self.project, self.root = project, root
        self.data = f"{root}/var/lib/postern"
        self.port_base = free_port_base()
        for folder in ("bin", "etc/postern", "var/lib", "run/postern", "srv"):
            os.makedirs(f"{root}/{folder}")
        places = {"root": root, "programs": programs}
        self.stand_in("systemctl", SYSTEMCTL.format(**places))
        self.stand_in("apt-get", APT_GET.format(**places))
        self.stand_in("journalctl", JOURNALCTL.format(**places))
        with open(f"{root}/etc/postern/postern.toml", "w", encoding="utf-8") as file:
            file.write(f"[sockets]\nport_base = {self.port_base}\n\n")
            file.write("[passwords]\nmemory_kib = 8\npasses = 1\n\n[log]\nlevel = \"info\"\n")
        self.for_daemon({})
        self.environment = {
            "PATH": f"{root}/bin:{programs}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": root,
            "LANG": "C.UTF-8",
        }

    def stand_in(self, name, text):
        path = f"{self.root}/bin/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def preload(self, libraries, **variables):
        """These come before the C library's functions in the daemon, told by these variables."""
        for library in libraries:
            assert os.path.exists(library), f"there is no {library}"
        self.for_daemon({"LD_PRELOAD": ":".join(libraries), **variables})

    def for_daemon(self, variables):
        """What the environment of the daemon has beside."""
        with open(f"{self.root}/daemon.json", "w", encoding="utf-8") as file:
            json.dump(variables, file)

    def install(self):
        self.run("apt-get", "install")

    def run(self, *command):
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def postern(self, *words, text="", good=(0,)):
        """What the command line came to; `good`: the exit codes that may come, None: any."""
        ran = subprocess.run(
            ["postern", "--data", self.data, *words],
            env=self.environment, input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert good is None or ran.returncode in good, f"{words}: {ran.returncode} {ran.stderr}"
        return ran

    def log(self):
        try:
            with open(f"{self.root}/log", encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            with open(f"{self.root}/pid", encoding="utf-8") as file:
                pid = int(file.read())
            ended = os.pidfd_open(pid)
            os.kill(pid, signal.SIGKILL)
            select.select([ended], [], [], 120)
            os.close(ended)
        except (FileNotFoundError, ProcessLookupError):
            pass
