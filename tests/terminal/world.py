"""What is listed: names as long as they may be, of every script, some that end soon, some that have
ended, some that are stopped."""

import datetime
import json
import os
import subprocess

TENANT = "acme-trading-and-forwarding"
USER = "api.shop"
LONG = ("api.the-one-with-the-very-long-name-that-somebody-typed-once-and-nobody-may-change"
        ".ever+since@acme.example")  # fmt: skip
ROLE = "reads-orders-of-all-branches-and-their-customers"
PASSWORD = "Corr3ct-horse-battery"
PROFILES = {
    "api.tokyo": ("太郎", "東京都渋谷区の倉庫管理システムから在庫を照会する利用者"),
    "api.moskva": ("Мария", "Наличные и расчёты по всем филиалам компании за каждый год"),
    "api.athina": ("Ελένη", "Παραγγελίες και αποθήκη, e\u0301 με τόνο"),
    "api.emoji": ("Zo\u00eb", "🔑🔑🔑 keys for the tills 🏪 of every branch we have, and some more"),
    "api.escape": ("Bad", "a\u202eb\u2066c and a line that somebody wants to turn around"),
}


def in_days(days):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """On a running daemon; what `$NAME` stands for in the table is `names`."""

    def __init__(self, programs, data, folder):
        self.programs, self.data, self.folder = programs, data, folder
        self.names = {"USER": USER, "LONG": LONG, "ROLE": ROLE, "TENANT": TENANT}
        self.make()

    def command(self, *words, tenant=TENANT):
        named = ["--tenant", tenant] if tenant else []
        return [f"{self.programs}/postern", "--data", self.data, *named, *words]

    def audit(self, *words):
        """Of a daemon that has ended."""
        return [f"{self.programs}/postern-replay", "--data", self.data, *words]

    def run(self, *words, given="", code=0, tenant=TENANT):
        ran = subprocess.run(
            self.command(*words, tenant=tenant), input=given, text=True, capture_output=True
        )
        assert ran.returncode == code, f"{words}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def send(self, commands):
        batch = {"tenant": TENANT, "commands": commands}
        self.run("send", "-", given=json.dumps(batch))

    def write(self, name, text):
        path = f"{self.folder}/{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def make(self):
        self.run("tenant", "create", TENANT, "--name", "Acme Trading 貿易 und Spedition GmbH & Co.",
                 "--networks", "192.0.2.0/24,198.51.100.0/24,10.0.0.0/8,2001:db8::/32",
                 tenant=None)  # fmt: skip
        self.run("tenant", "create", "umbra", tenant=None)
        self.run("tenant", "disable", "umbra", "--yes", tenant=None)
        self.run("catalogue", "define", "table", "--action", "read,write,print-and-forward",
                 "--description", "表 and what is in it", "--open", "--kind")  # fmt: skip
        for path in ("table/customers", "table/orders-of-the-year-before-last/archive"):
            self.run("catalogue", "define", "table", "--resource", path, "--description",
                     "Подробное описание этой таблицы для людей", "--warning",
                     "Lets data out of the house, think twice")  # fmt: skip
        self.make_users()
        self.make_access()
        self.make_use()
        self.run("operator", "add", "helpdesk-of-the-night-shift", "--role", "manager",
                 "--tenants", f"{TENANT},umbra", "--key-out", f"{self.folder}/helpdesk.key",
                 tenant=None)  # fmt: skip
        ranges = {"prefixes": [{"ipv4Prefix": "34.1.208.0/20"}, {"ipv6Prefix": "2600:1900::/35"}],
                  "syncToken": "1790812800000", "creationTime": "2026-10-01T00:00:00"}  # fmt: skip
        self.run("network", "import", "GOOGLE", self.write("goog.json", json.dumps(ranges)),
                 "--reason", "monthly", tenant=None)  # fmt: skip
        disable = {"body_type": "DisableUser", "user": USER, "body": {}}
        self.names["COMMANDS"] = self.write("commands.json", json.dumps({"commands": [disable]}))
        message = {"tenant": TENANT, "commands": [disable]}
        self.names["MESSAGE"] = self.write("message.json", json.dumps(message))

    def make_users(self):
        self.run("user", "create", USER, "--password", "--email", "ops@acme.example",
                 "--description", "Checkout and till, all branches, until the new one is there",
                 "--first-name", "Shop", "--department", "Retail", given=PASSWORD)  # fmt: skip
        self.run("user", "create", LONG, "--networks", "192.0.2.0/24,GOOGLE", "--note",
                 "ありがとう " * 20)  # fmt: skip
        for name, (first, text) in PROFILES.items():
            profile = {"first_name": first, "last_name": "Ω" * 30, "description": text}
            self.send([{"body_type": "CreateUser", "body": {"username": name, "profile": profile}}])
        self.run("user", "disable", "api.athina", "--reason", "T-311")
        self.run("user", "lock", "api.moskva", "--reason", "key leaked")
        self.run("user", "trash", "api.emoji")
        self.run("user", "set", USER, "--api-logging", "on")

    def make_access(self):
        self.run("role", "create", ROLE, "--description", "Reads what was ordered, 注文 everywhere")
        self.run("role", "grant", ROLE, "read", "table/orders", "--not-after", in_days(12))
        self.run("role", "assign", ROLE, USER, LONG)
        self.run("grant", "add", USER, "read", "table/customers", "--not-after", in_days(20))
        self.run("grant", "add", USER, "print-and-forward",
                 "table/orders-of-the-year-before-last/archive/branch-of-the-north/invoices",
                 "--networks", "192.0.2.0/24,198.51.100.0/24", "--require-tls")  # fmt: skip
        self.run("grant", "add", USER, "read", "table/customers/ssn", "--deny")
        self.run("grant", "add", LONG, "read", "table/customers")
        self.run("key", "create", USER, "first-key-of-the-till-up-north", "--expires", in_days(5))
        self.keys = self.run("key", "create", USER, "second.key", "--only",
                             "read table/customers", "--only", "read table/orders")  # fmt: skip

    def make_use(self):
        """Calls, and sessions: by password and by key."""
        call = ("--address", "192.0.2.7", "--client", "till of the branch in the north")
        self.token = self.run("session", "open", USER, *call, given=PASSWORD).strip()
        secret = [line for line in self.keys.splitlines() if line.startswith("pst")][-1]
        for question in ("read table/customers/name", "write table/customers/name"):
            action, resource = question.split()
            code = 0 if action == "read" else 1
            self.run("check", "-", action, resource, "--token", *call, given=self.token, code=code)
            self.run("check", USER, action, resource, *call, code=code)
        self.run("check", USER, "read", "table/customers/name", "--key", *call, given=secret)
        questions = "read table/customers/name\nread table/orders\nwrite table/customers/ssn\n"
        self.names["QUESTIONS"] = self.write("questions.txt", questions)
        self.wait_for_session()

    def wait_for_session(self):
        """The recorder looks at what was noted within a second; `calls follow` waits for it."""
        self.run("calls", "follow", "--from", "1", "--count", "6")

    def words_of(self, row):
        more = [self.names.get(word[1:], word) if word.startswith("$") else word
                for word in row.get("more", [])]  # fmt: skip
        return [*row["verb"].split(), *more]


def table(folder=os.path.dirname(__file__)):
    with open(f"{folder}/lists.json", encoding="utf-8") as file:
        return json.load(file)
