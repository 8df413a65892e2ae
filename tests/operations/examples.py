#!/usr/bin/python3
"""Runs every example of --help, and so of the man pages, every command in the blocks of pages, and
those that any document names in running text, each on a fresh machine where what it speaks of is
there.

examples.py PROJECT BIN PAGE…. small_company.sh tells how the machine came to be, FIRST what must
have happened besides, INPUT what is typed. Folders, records and moments that an example names
become the machine's own.
"""

import datetime
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

import mentions
from machine import Machine

BLOCK = re.compile(r"^```\n(.*?)^```", re.S | re.M)
PLACES = re.compile(r"(?<![\w/.])/(backup|mnt|opt|safe|srv|var|vault)/")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TO_COME = re.compile(r"(--(?:kept|old)-until) \S+")
#: Records that the examples name, and what they are here: the nth from the journal's end.
RECORDS = {"4711": 2, "4712": 1, "1000": 1, "1200": 0, "7": 0}
KEY_CUT_SHORT = re.compile(r"postern/[0-9a-f-]+…\S*")

PASSWORD = "Orange-71-kettle"
OPEN = f"postern --tenant acme session open api.bob <<<'{PASSWORD}'"
KEY = "postern --tenant acme key create api.bob nightly"
UNASSIGNED = "postern --tenant acme role unassign clerk --from-role manager\n"
BACKUP = """
postern backup create /backup/2026-11.bundle
postern backup keys /vault/2026-11.keys --key-out /safe/restore.key \\
  --kept-until 2027-02-01T00:00:00Z
"""
#: Without the daemon that is there: it would go on making files.
ANEW = "systemctl stop; rm -rf $POSTERN_DATA; apt-get install"
#: What comes first, by what is in the command.
FIRST = {
    "postern-replay": "systemctl stop",
    "tenant create acme": ANEW,
    "backup verify": BACKUP,
    "--bundle /backup": BACKUP,
    "--bundle B": BACKUP + "mv /backup/2026-11.bundle B; mv /vault/2026-11.keys K; mv /safe/* .",
    "backup restore": "systemctl stop; mv $POSTERN_DATA away",
    "grant add api.bob": "postern --tenant acme grant remove api.bob read table/customer",
    "key list": KEY,
    "key revoke": KEY,
    "key scan": "mkdir sources; cp verifier.txt sources",
    "operator add": "postern operator remove helpdesk",
    "role create clerk": UNASSIGNED + "postern --tenant acme role delete clerk",
    "role delete clerk": UNASSIGNED,
    "session end": OPEN,
    "session renew": OPEN + " >token.txt",
    "tenant enable": "postern tenant disable acme --reason 'unpaid'",
    "user create api.bob": "postern --tenant acme user rename api.bob api.rob",
    "user enable": "postern --tenant acme user disable api.bob",
    "user delete": "postern --tenant acme user trash api.bob",
    "user erase": "postern --tenant acme user trash api.bob",
    "user restore": "postern --tenant acme user trash api.bob",
    "user unlock": "postern --tenant acme user lock api.bob",
    "--map Mail": "sed -i s/email/Mail/ users.csv",
    "--map Phone2": "sed -i 's/$/,Phone2/; 2s/Phone2/1/' users.csv",
    "apply acme.yaml": "postern --tenant acme export --as-desired acme.yaml",
    "create acme --preset ./mine": ANEW,
    "export users": "rm users.csv",
    "role grant": "postern --tenant acme role revoke clerk read table/orders",
    "grant add shop": "postern --tenant acme grant remove shop read table/customer",
    "user create shop": "postern --tenant acme user rename shop store",
    "--data data": "cp -r /mnt/copy data",
    "--bundle acme": "postern-replay --data /mnt/copy export acme.bundle --tenant acme",
    "python3 verify_bundle": "postern-replay --data /mnt/copy export acme.bundle --tenant acme",
    "bob.receipt": "mv answer.receipt bob.receipt",
    "shop.receipt --public": "mv answer.receipt shop.receipt",
    "posternd init": "systemctl stop; rm -rf $POSTERN_DATA",
}
#: What is typed.
INPUT = {
    "authenticate": PASSWORD,
    "password change": f"{PASSWORD}\nOrange-72-kettle",
    "session open": PASSWORD,
    "user create api.bob": PASSWORD,
}
#: How it may end besides, in truth: something would be answered otherwise.
CODES = {"what-if": 1, "--tenant zenith": 66}
#: Running text may name a verb without what it is about; its words are held against --help.
NAMES_MORE = 64
#: These go on until they are ended: what happens meanwhile, and what they say of it.
GOES_ON = {
    "calls follow": ("postern --tenant acme check api.bob read table/customer", "customer"),
    "events follow": (
        "postern --tenant acme user lock api.bob; postern --tenant acme user unlock api.bob",
        "UserLocked",
    ),
}
#: Figures take minutes; tests/bench runs it.
ELSEWHERE = "postern-bench"


def commands_of_page(file):
    """Each command in its blocks, its lines joined."""
    for block in BLOCK.findall(file.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            line = re.sub(r"^\$ ", "", line)
            if line.split(" ")[0] in (*mentions.PROGRAMS, "python3"):
                yield re.sub(r"\s{2,}#? .*|\s+#.*", "", line)


def commands_of(project, programs, pages):
    """The command, and where it stands; each once."""
    told = {}
    for program in mentions.PROGRAMS:
        for path, command in mentions.examples(programs, program):
            told.setdefault(command, f"{' '.join(path)} --help")
    for page in pages:
        for command in commands_of_page(pathlib.Path(page)):
            told.setdefault(command, os.path.basename(os.path.dirname(page)) + "/" +
                            os.path.basename(page))  # fmt: skip
    for file in mentions.documents(pathlib.Path(project)):
        for command, line in mentions.mentions_of(file):
            if file.suffix == ".md" and mentions.is_whole(command):
                told.setdefault(command, f"{file}:{line}")
    return told


def rows(table, command):
    return [value for part, value in table.items() if part in command]


class Place:
    """A machine that can be made new again and again, as small_company.sh left it."""

    def __init__(self, project, programs, root):
        self.root = root
        self.machine = Machine(project, programs, root)
        self.environment = self.machine.environment | {"POSTERN_DATA": self.machine.data}
        for folder in ("backup", "mnt", "opt/next/bin", "safe", "vault", "srv/var"):
            os.makedirs(f"{root}/{folder}", exist_ok=True)
        os.symlink(f"{programs}/postern-replay", f"{root}/opt/next/bin/postern-replay")
        os.symlink(self.machine.data, f"{root}/srv/var/postern")
        os.symlink(f"{project}/replay/verify_bundle.py", f"{root}/srv/verify_bundle.py")
        self.machine.install()
        self.run(f"bash {project}/tests/operations/small_company.sh")
        self.now = datetime.datetime.now(datetime.timezone.utc)
        self.run("postern --tenant acme user set api.eve --description 'Since then'")
        self.head = int(re.search(r"^seq\s+(\d+)", self.run("postern status"), re.M)[1])
        self.verifier = self.run("cat verifier.txt").strip()
        self.run("systemctl stop")
        shutil.copytree(self.machine.data, f"{root}/mnt/copy")
        self.kept = f"{root}-kept"
        shutil.copytree(root, self.kept, symlinks=True)

    def make_new(self):
        self.machine.__exit__()
        shutil.rmtree(self.root)
        shutil.copytree(self.kept, self.root, symlinks=True)
        self.run("systemctl start")

    def here(self, command):
        """The command with this machine's folders, records and moments."""
        then = self.now + datetime.timedelta(days=20)
        command = PLACES.sub(lambda place: f"{self.root}/{place[1]}/", command)
        command = TO_COME.sub(rf"\1 {then:%Y-%m-%dT%H:%M:%SZ}", command)
        parts = re.split(r"(--(?:kept|old)-until \S+)", command)
        parts[::2] = [MOMENT.sub(f"{self.now:%Y-%m-%dT%H:%M:%S.%fZ}", part) for part in parts[::2]]
        command = "".join(parts)
        for record, back in RECORDS.items():
            command = re.sub(rf"(?<![\w.]){record}(?![\w.])", str(self.head - back), command)
        return KEY_CUT_SHORT.sub(self.verifier, command)

    def run(self, text, typed="", codes=(0,)):
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=f"{self.root}/srv",
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode in codes, f"{text}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def follow(self, command, meanwhile, sign):
        """It tells what happens, and ends when it is told to. What happens before it looks on it
        does not tell, so that happens again."""
        follower = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=f"{self.root}/srv",
            env=self.environment,
            stdout=subprocess.PIPE,
        )
        told = b""
        for _ in range(60):
            self.run(meanwhile)
            while select.select([follower.stdout], [], [], 1)[0]:
                told += os.read(follower.stdout.fileno(), 65536)
                if sign.encode() in told or follower.poll() is not None:
                    break
            if sign.encode() in told:
                break
        assert sign.encode() in told, f"{command}: it did not tell {sign}"
        follower.send_signal(signal.SIGINT)
        assert follower.wait(timeout=60) in (0, 130, -signal.SIGINT), follower.returncode

    def serve(self, command):
        """The daemon in the foreground: it takes commands, and ends well when it is told to."""
        self.run("systemctl stop; rm -f $POSTERN_DATA/addresses")
        port_base = self.machine.port_base
        daemon = subprocess.Popen(
            ["bash", "-c", f"exec {command} --port-base {port_base}"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in daemon.stderr:
            if "ready" in line:
                break
        self.run("postern status")
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=60)
        assert daemon.returncode == 0, daemon.returncode


def try_one(place, command, is_mention):
    place.make_new()
    for before in rows(FIRST, command):
        place.run(place.here(before))
    there = place.here(command)
    if follow := rows(GOES_ON, command):
        place.follow(there, *follow[0])
    elif re.fullmatch(r"posternd --data \S+", there):
        place.serve(there)
    else:
        codes = (0, *rows(CODES, command), *([NAMES_MORE] if is_mention else []))
        place.run(there, typed="\n".join(rows(INPUT, command)), codes=codes)


def main(project, programs, pages):
    told = commands_of(project, programs, pages)
    problems, ran = [], 0
    with tempfile.TemporaryDirectory(prefix="p-") as root:
        place = Place(project, programs, f"{root}/m")
        for command, where in told.items():
            if command.startswith(ELSEWHERE):
                continue
            ran += 1
            try:
                try_one(place, command, is_mention=".md:" in where)
            except AssertionError as problem:
                problems.append(f"{where}: {problem}")
        place.machine.__exit__()
    print(f"{ran} of {len(told)} commands ran; the others, of {ELSEWHERE}, elsewhere")
    assert ran > 0
    if problems:
        raise SystemExit("\n".join(problems))


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:])
