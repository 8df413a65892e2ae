#!/usr/bin/python3
"""Bytes as the TypeScript code of flatc 2.0.8 makes them, against a real daemon.

typescript_form.py PROJECT POSTERND. That code leaves `false` and 0 out of fields that may be
absent, and its object form always writes `signature`. Names in `cleared` must arrive all the same.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib

import flatbuffers
from a_daemon import generate, running


class TypeScriptBuilder(flatbuffers.Builder):
    """Its slots know no absence: a value that is false or 0 is not written."""

    def PrependSlot(self, flags, o, x, d):
        if x is not None and x != (d or 0):
            self.Prepend(flags, x)
            self.Slot(o)


def check_generator(project, folder):
    """The form that is imitated here is the one that flatc generates."""
    subprocess.run(
        ["flatc", "--ts", "--gen-object-api", "-o", f"{folder}/ts"]
        + [f"{project}/schema/command.fbs"],
        check=True,
    )

    def text(name):
        with open(f"{folder}/ts/postern/schema/{name}.ts", encoding="utf-8") as file:
            return file.read()

    assert re.search(r"addFieldInt8\(2, \+apiAccess, (0|null)\)", text("create-user"))
    assert "createSignatureVector(builder, this.signature)" in text("command-message")


def main(project, posternd):
    with tempfile.TemporaryDirectory() as folder:
        check_generator(project, folder)
        generate(project, folder, "--python")
        with open(os.path.join(project, "schema", "README.md"), encoding="utf-8") as file:
            manual = file.read().split("## A worked example", 1)[1]
        example = re.search(r"```python\n(.*?)```", manual, re.S)[1]
        with open(f"{folder}/example.py", "w", encoding="utf-8") as file:
            file.write(example)
        # The example's own connection, ids and sending.
        sys.path[:0] = [folder, f"{folder}/generated"]
        with running(project, posternd, folder) as data:
            tell(data)


def tell(data):
    import example
    from example import made
    from postern.schema.CommandBody import CommandBody
    from postern.schema.CreateTenant import CreateTenantT
    from postern.schema.CreateUser import CreateUserT
    from postern.schema.GetUser import GetUserT
    from postern.schema.GetTenant import GetTenantT
    from postern.schema.HistoryBody import HistoryBody
    from postern.schema.HistoryPage import HistoryPage, HistoryPageT
    from postern.schema.HistoryRequest import HistoryRequestT
    from postern.schema.PolicyChanges import PolicyChangesT
    from postern.schema.SetTenant import SetTenantT
    from postern.schema.SetUserSettings import SetUserSettingsT

    def pack(message, identifier):
        if hasattr(message, "signature"):
            # Empty, and written.
            message.signature = []
        builder = TypeScriptBuilder(512)
        builder.Finish(message.Pack(builder), file_identifier=identifier)
        return bytes(builder.Output())

    example.pack = pack
    with open(f"{data}/addresses", "rb") as file:
        addresses = tomllib.load(file)
    with open(f"{data}/owner.key", "rb") as file:
        own = tomllib.load(file)
    commands = example.connect(addresses["commands"], addresses["server_key"], own)
    history = example.connect(addresses["history"], addresses["server_key"], own)

    written = 0

    def execute(body_type, body, user=None):
        nonlocal written
        written = example.execute(commands, "acme", [example.command(body_type, body, user)])

    def ask(body_type, body):
        request = made(HistoryRequestT(), id=7, bodyType=body_type, body=body)
        request.atLeastSeq, request.waitMs = written, 5_000

        def take(received):
            page = HistoryPageT.InitFromObj(HistoryPage.GetRootAs(received))
            return page.body if page.id == 7 else None

        return example.send(history, pack(request, b"PSHQ"), times=3, take=take)

    def user(name):
        return ask(HistoryBody.GetUser, made(GetUserT(), tenant="acme", username=name))

    execute(CommandBody.CreateTenant, made(CreateTenantT(), alias="acme"))
    dropped = made(CreateUserT(), username="dropped", apiAccess=False)
    execute(CommandBody.CreateUser, dropped)
    assert user("dropped").security.apiAccess, "the trap is there: the false did not arrive"
    execute(CommandBody.CreateUser, made(CreateUserT(), username="shop", cleared=["api_access"]))
    assert not user("shop").security.apiAccess

    on = made(SetUserSettingsT(), secureTransportRequired=True, skipIpCheck=True, apiLogging=True)
    on.sessionTimeoutSeconds = 600
    execute(CommandBody.SetUserSettings, on, "shop")
    settings = user("shop").details.settings
    assert settings.secureTransportRequired and settings.skipIpCheck and settings.apiLogging
    names = ["secure_transport_required", "skip_ip_check", "api_logging", "session_timeout_seconds"]
    execute(CommandBody.SetUserSettings, made(SetUserSettingsT(), cleared=names), "shop")
    settings = user("shop").details.settings
    assert not (settings.secureTransportRequired or settings.skipIpCheck or settings.apiLogging)
    assert settings.sessionTimeoutSeconds == 0

    def set_policies(**fields):
        changes = made(PolicyChangesT(), **fields)
        execute(CommandBody.SetTenant, made(SetTenantT(), policies=changes))
        page = ask(HistoryBody.GetTenant, made(GetTenantT(), alias="acme"))
        return page.tenants[0].policies

    assert set_policies(tellReasons=True, lockSeconds=600).tellReasons
    policies = set_policies(cleared=["tell_reasons", "lock_seconds", "new_user_api_access"])
    assert not policies.tellReasons and policies.lockSeconds == 0
    assert not policies.newUserApiAccess


if __name__ == "__main__":
    main(*sys.argv[1:])
