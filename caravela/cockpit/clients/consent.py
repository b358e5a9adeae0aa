"""Who may do what: each client's scopes, as a person in the car allowed or refused them, kept in a small file. Another process may change the
file (`caravela cockpit clients --revoke`): it is read again whenever it changed, so what is revoked stops at once."""

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from caravela.cockpit.clients.scope import Scope
from caravela.core.errors import CaravelaError, unknown_name

LONGEST_NAME = 40  # characters
MOST_CLIENTS = 64  # remembered
LARGEST_FILE = 1_000_000  # bytes
NAMELESS = "somebody without a name"


class ConsentError(CaravelaError):
    """A file of consents that cannot be read or written, or has no room."""


class Decision(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"
    UNPROVED = "unproved"  # the name has a token, and it was not shown
    OPEN = "open"  # nobody has been asked yet, or nobody answered


@dataclass(frozen=True)
class Client:
    """Who asks. `proved`: by a token, or because whoever started this server said so; otherwise the name is only what it calls itself."""

    name: str
    proved: bool = False

    @staticmethod
    def called(name: str, *, proved: bool = False) -> "Client":
        """A client by a name as it came over the wire: readable characters, one line, not long."""
        plain = " ".join("".join(letter if letter.isprintable() else " " for letter in name[:400]).split())
        return Client(plain[:LONGEST_NAME].strip() or NAMELESS, proved)


@dataclass(frozen=True)
class Known:
    """What is remembered of one client."""

    allowed: frozenset[Scope] = frozenset()
    refused: frozenset[Scope] = frozenset()
    token: str = ""  # SHA-256 of its token, hexadecimal; "" where it has none


class Consents:
    """What was decided. `path` None: only for as long as this lives."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._known: dict[str, Known] = {}
        self._stamp: tuple[int, int, int] | None = None
        self._refresh()

    @property
    def known(self) -> dict[str, Known]:
        """Every client that something is remembered of. Raises ConsentError where the file cannot be read."""
        self._refresh()
        return dict(self._known)

    def decision(self, client: Client, scope: Scope) -> Decision:
        """May `client` use `scope`? A name that has a token is only theirs who showed it."""
        known = self.known.get(client.name, Known())
        if known.token and not client.proved:
            return Decision.UNPROVED
        if scope in known.refused:
            return Decision.REFUSED
        return Decision.ALLOWED if scope in known.allowed else Decision.OPEN

    def allow(self, name: str, scopes: Iterable[Scope]) -> None:
        """A person allows it, from now on."""
        before, named = self._of(name), frozenset(scopes)
        self._keep(name, replace(before, allowed=before.allowed | named, refused=before.refused - named))

    def refuse(self, name: str, scopes: Iterable[Scope]) -> None:
        """A person refuses it, or takes back what was allowed: it is not asked for again."""
        before, named = self._of(name), frozenset(scopes)
        self._keep(name, replace(before, allowed=before.allowed - named, refused=before.refused | named))

    def forget(self, name: str) -> None:
        """As if it had never come: its token is void, and it has to ask again."""
        if name not in self.known:
            raise unknown_name("client", name, self._known)
        del self._known[name]
        self._write()

    def introduce(self, name: str) -> str:
        """A new token for a client, which proves over HTTP that it is the one; an earlier token is void. It is told here and kept nowhere."""
        token = secrets.token_urlsafe(24)
        self._keep(name, replace(self._of(name), token=_digest(token)))
        return token

    def whose(self, token: str) -> str | None:
        """The client that a token proves; None where it proves none."""
        told, found = _digest(token), None
        for name, known in self.known.items():  # through all of them: the time tells nothing
            if known.token and hmac.compare_digest(known.token, told):
                found = name
        return found

    def _of(self, name: str) -> Known:
        if name != Client.called(name).name:
            raise ConsentError(f"a client's name is '{name[:60]!r}'; expected 1 to {LONGEST_NAME} readable characters.")
        return self.known.get(name, Known())

    def _keep(self, name: str, known: Known) -> None:
        if name not in self._known and len(self._known) >= MOST_CLIENTS:
            raise ConsentError(f"{MOST_CLIENTS} clients are remembered already; forget one with `caravela cockpit clients --forget NAME`.")
        self._known[name] = known
        self._write()

    def _refresh(self) -> None:
        if self.path is None:
            return
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._known, self._stamp = {}, None
            return
        except OSError as error:
            raise ConsentError(f"cannot read '{self.path}' ({error.strerror}); give a folder that you can read.") from error
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._stamp:
            self._known, self._stamp = _read(self.path), stamp

    def _write(self) -> None:
        """Replace the file in one go, so that a reader finds the old one or the new one."""
        if self.path is None:
            return
        told = {
            name: {"allowed": sorted(known.allowed), "refused": sorted(known.refused), "token_sha256": known.token}
            for name, known in self._known.items()
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, beside = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)  # readable by its owner alone
            with os.fdopen(handle, "w") as file:
                json.dump({"version": 1, "clients": told}, file, indent=1)
            os.replace(beside, self.path)
        except OSError as error:
            self._stamp = None
            raise ConsentError(f"cannot remember this in '{self.path}' ({error.strerror}); give a folder that you can write.") from error
        self._stamp = None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _read(path: Path) -> dict[str, Known]:
    """Raises ConsentError for a file that is none of ours: what is unreadable allows nothing."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError
        found = json.loads(path.read_text())
        if found["version"] != 1:
            raise ValueError
        return {
            str(name): Known(
                frozenset(map(Scope, entry["allowed"])), frozenset(map(Scope, entry["refused"])), str(entry.get("token_sha256", ""))
            )
            for name, entry in found["clients"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConsentError(f"'{path}' does not hold consents; remove it and allow again what you want.") from error
