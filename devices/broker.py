"""The brokers that this project starts: amqtt for a trial, Mosquitto for a shop."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from amqtt.broker import Broker as Amqtt
from amqtt.errors import BrokerError as AmqttError
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from devices.mqtt import BrokerAddress, Link
from edge.errors import BrokerError

USERNAME = "store-edge"
"""The name that clients of the embedded broker give when none is configured."""

PASSWORD_VARIABLE = "STORE_EDGE_BROKER_PASSWORD"  # noqa: S105  (the variable's name)

MAX_PACKET = 4 * 1024 * 1024
"""Bytes; the largest message of the contract is a label's picture in base64."""

IN_FLIGHT = 1_000
"""Messages that the broker sends before the first acknowledgement: one group commit."""

QUEUED = 100_000
"""Messages kept for a gateway that is away."""


class Broker(Protocol):
    """A broker that can be run as a child process."""

    @property
    def address(self) -> BrokerAddress:
        """Where its clients connect, and as whom."""
        ...

    def prepare(self) -> None:
        """Write what it needs before it starts; raises BrokerError when it cannot run."""
        ...

    def command(self) -> list[str]:
        """Give the argv that runs it in the foreground until SIGTERM."""
        ...

    def environment(self) -> dict[str, str]:
        """Give what its environment needs besides ours."""
        ...


@dataclass(frozen=True)
class EmbeddedBroker:
    """amqtt in a process of its own: loopback only, sessions live as long as the process.

    It keeps messages for an absent client only if that client gave a user name, so nobody may
    come without; the password counts when one is set.
    """

    address: BrokerAddress

    def __post_init__(self) -> None:
        """Give clients a user name; raises BrokerError beyond loopback."""
        if self.address.tls or not _is_loopback(self.address.host):
            raise BrokerError(
                "expected the embedded broker on loopback without TLS, came "
                f'{self.address}; use broker = "managed" for other machines'
            )
        name = self.address.username or USERNAME
        object.__setattr__(self, "address", replace(self.address, username=name))

    def prepare(self) -> None:
        """Nothing is needed."""

    def command(self) -> list[str]:
        """Give the argv; the password travels in the environment, where `ps` does not show it."""
        host, port = self.address.host, str(self.address.port)
        user = str(self.address.username)
        return [sys.executable, "-m", "devices.broker", host, port, "--username", user]

    def environment(self) -> dict[str, str]:
        """Give the password, if any."""
        password = self.address.password
        return {} if password is None else {PASSWORD_VARIABLE: password}


@dataclass(frozen=True)
class ManagedBroker:
    """Mosquitto with a configuration of ours in `folder`, which holds its queue on disk too.

    With `address.tls`, `certificate` and `key` are the broker's PEM files.
    """

    address: BrokerAddress
    folder: Path
    certificate: Path | None = None
    key: Path | None = None

    def prepare(self) -> None:
        """Write configuration and password file, readable by us alone.

        Raises BrokerError when Mosquitto is missing, or when the settings would let strangers in.
        """
        _installed("mosquitto")
        self._check()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.address.username is not None:
            self._write_password(self.address.username, str(self.address.password))
        _write_private(self._config, "\n".join(self._lines()) + "\n")

    def command(self) -> list[str]:
        """Give the argv."""
        return [_installed("mosquitto"), "-c", str(self._config)]

    def environment(self) -> dict[str, str]:
        """Nothing is needed."""
        return {}

    @property
    def _config(self) -> Path:
        return self.folder / "mosquitto.conf"

    @property
    def _passwords(self) -> Path:
        return self.folder / "passwords"

    def _check(self) -> None:
        address = self.address
        if (address.username is None) != (address.password is None):
            raise BrokerError("expected username and password together, or neither")
        if address.username is None and not _is_loopback(address.host):
            raise BrokerError(
                f"expected a username and a password for a broker on {address.host}, came neither; "
                "without them it may listen on loopback only"
            )
        if address.tls and not (self.certificate and self.key):
            raise BrokerError("expected a certificate and a key for a broker with TLS, came none")

    def _lines(self) -> list[str]:
        address = self.address
        lines = [
            f"listener {address.port} {address.host}",
            # Mosquitto started by root becomes another user, who cannot read this folder.
            f"user {pwd.getpwuid(os.getuid()).pw_name}",
            f"allow_anonymous {str(address.username is None).lower()}",
            "persistence true",
            f"persistence_location {self.folder.resolve()}/",
            "autosave_on_changes true",
            "autosave_interval 1",
            f"max_inflight_messages {IN_FLIGHT}",
            f"max_queued_messages {QUEUED}",
            f"max_packet_size {MAX_PACKET}",
            "set_tcp_nodelay true",
            "sys_interval 0",
            "connection_messages false",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
        ]
        if address.username is not None:
            lines.append(f"password_file {self._passwords.resolve()}")
        if address.tls:
            lines += [f"certfile {self.certificate}", f"keyfile {self.key}"]
        return lines

    def _write_password(self, username: str, password: str) -> None:
        if ":" in username or "\n" in username + password:
            raise BrokerError("expected a username without colon, and no line break in either")
        _write_private(self._passwords, f"{username}:{password}\n")
        # -U hashes the file where it is: the password never stands in an argument list.
        subprocess.run(  # noqa: S603  (a fixed program on our own file)
            [_installed("mosquitto_passwd"), "-U", str(self._passwords)], check=True, umask=0o077
        )
        self._passwords.chmod(0o600)


def wait_until_ready(address: BrokerAddress, timeout: float) -> None:
    """Wait until a broker accepts an MQTT connection with these credentials.

    Raises BrokerError after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not _listens(address) and time.monotonic() < deadline:
        time.sleep(0.05)
    ready = threading.Event()
    probe = Link(
        address,
        f"ready-{secrets.token_hex(4)}",
        on_message=lambda _: None,
        on_connected=lambda _: ready.set(),
        lasting=False,
    )
    with probe:
        if not ready.wait(max(0.0, deadline - time.monotonic())):
            raise BrokerError(
                f"expected a broker at {address} within {timeout:g} s, came no connection; "
                "check that it runs and that the credentials are right"
            )


def serve_embedded(
    host: str, port: int, username: str | None = None, password: str | None = None
) -> None:
    """Run amqtt until SIGTERM or SIGINT; raises BrokerError when it cannot listen."""
    broker = EmbeddedBroker(BrokerAddress(host, port, username=username, password=password))
    asyncio.run(_serve(broker.address))


async def _serve(address: BrokerAddress) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with ExitStack() as files:
        broker = Amqtt(_amqtt_config(address, files))
        try:
            await broker.start()
        except AmqttError as fault:
            raise BrokerError(f"expected to listen on {address}, came {fault}") from fault
        await stop.wait()
        await broker.shutdown()


def _amqtt_config(address: BrokerAddress, files: ExitStack) -> dict[str, object]:
    host = f"[{address.host}]" if ":" in address.host else address.host
    listener = {"type": "tcp", "bind": f"{host}:{address.port}"}
    return {"listeners": {"default": listener}, "plugins": _amqtt_plugins(address, files)}


def _amqtt_plugins(address: BrokerAddress, files: ExitStack) -> dict[str, object]:
    if address.password is None:
        # Named clients only: amqtt throws away what comes for an anonymous one that is absent.
        return {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}}
    folder = Path(files.enter_context(tempfile.TemporaryDirectory()))
    hashed = PasswordHash((Argon2Hasher(),)).hash(address.password)
    _write_private(folder / "passwords", f"{address.username}:{hashed}\n")
    plugin = "amqtt.plugins.authentication.FileAuthPlugin"
    return {plugin: {"password_file": str(folder / "passwords")}}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listens(address: BrokerAddress) -> bool:
    try:
        socket.create_connection((address.host, address.port), 1.0).close()
    except OSError:
        return False
    return True


def _installed(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise BrokerError(
            f"expected {program} on this machine, came nothing; install it "
            '(apt-get install mosquitto) or choose broker = "embedded" for a trial'
        )
    return path


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, "utf-8")


def main() -> None:
    """Run the embedded broker: `python -m devices.broker HOST PORT`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--username")
    asked = parser.parse_args()
    serve_embedded(asked.host, asked.port, asked.username, os.environ.get(PASSWORD_VARIABLE))


if __name__ == "__main__":
    main()
