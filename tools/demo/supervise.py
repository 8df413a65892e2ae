#!/usr/bin/python3
"""Starts a program, prints "ready" when it says so itself, and ends as it ended.

supervise.py LOG PROGRAM [ARGUMENT…]. Readiness is the datagram that a service manager gets
(sd_notify). SIGTERM is passed on. What the program prints goes to the file LOG.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile

READY_LIMIT_S = 120


def wait_until_ready(child, notifications):
    """Returns at the program's word, at its end, or when the limit is over."""
    ended = os.pidfd_open(child.pid)
    while True:
        readable, _, _ = select.select([notifications, ended], [], [], READY_LIMIT_S)
        if notifications in readable:
            if b"READY=1" in notifications.recv(4096).splitlines():
                return True
        elif ended in readable:
            return False
        else:
            print(f"not ready after {READY_LIMIT_S} s", file=sys.stderr)
            child.terminate()
            return False


def main(log, command):
    with tempfile.TemporaryDirectory() as folder, open(log, "wb") as output:
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notifications.bind(os.path.join(folder, "notify"))
        environment = os.environ | {"NOTIFY_SOCKET": notifications.getsockname()}
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        if wait_until_ready(child, notifications):
            print("ready", flush=True)
        return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
