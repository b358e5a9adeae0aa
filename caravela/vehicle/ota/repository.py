"""The other end: makes and signs the repository that cars read. It runs where releases are made, never in a car; it stands here because
both ends must agree on every name. Four roles (The Update Framework, TUF 1.0), an ed25519 key each: `root` says which keys count and is
best kept off line; `targets` says what the bundles are; `snapshot` which targets belong together; `timestamp` that all this is still so.
A new timestamp is published last, at one stroke: a reader sees the repository before or after a release, never between."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from caravela.core.bundle import MODEL_FILE
from caravela.core.errors import CaravelaError
from caravela.vehicle.ota.state import NAME

Kind = TypeVar("Kind", Root, Targets, Snapshot, Timestamp)

ROLES = ("root", "targets", "snapshot", "timestamp")
LIFE = {  # how long a signature counts; `renew` at least as often as the shortest
    "root": timedelta(days=365),
    "targets": timedelta(days=90),
    "snapshot": timedelta(days=14),
    "timestamp": timedelta(days=3),
}


class Keys:
    """The private keys of the roles, `<role>.pem` (PKCS 8, unencrypted) in a folder that nobody else can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, role: str) -> CryptoSigner:
        """A new key for `role`; the one before is kept as `<role>.before.pem`. Raises CaravelaError where it can't be written."""
        signer, path = CryptoSigner.generate_ed25519(), self.folder / f"{role}.pem"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if path.exists():
                path.replace(self.folder / f"{role}.before.pem")
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(signer.private_bytes)
        except OSError as error:
            raise CaravelaError(f"cannot write a key to '{self.folder}' ({error.strerror}); give a folder that you can write.") from error
        return signer

    def read(self, role: str) -> CryptoSigner:
        """The key of `role`. Raises CaravelaError where it isn't there or is none."""
        path = self.folder / f"{role}.pem"
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise CaravelaError(
                f"no key for the role '{role}' at '{path}' ({error}); give the folder that the keys were made in."
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise CaravelaError(f"the key at '{path}' is of another kind; expected an ed25519 key.")
        return CryptoSigner(key)


class Repository:
    """A repository in a folder, with the keys to sign it. A web server may show the folder as it is."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        """Open one. Raises CaravelaError where there is none."""
        self.folder, self.keys = folder, keys
        self._metadata, self._targets = folder / "metadata", folder / "targets"
        if not (self._metadata / "timestamp.json").is_file():
            raise CaravelaError(f"no repository at '{folder}'; expected one that `caravela vehicle publish --new` made.")

    @staticmethod
    def make(folder: Path, keys: Keys, *, now: datetime, life: Mapping[str, timedelta] = LIFE) -> "Repository":
        """A new, empty repository with new keys. Raises CaravelaError where there is one, or there are keys, or it can't be written."""
        if folder.exists() and any(folder.iterdir()):
            raise CaravelaError(f"'{folder}' is not empty; give a new folder for a new repository.")
        if any((keys.folder / f"{role}.pem").exists() for role in ROLES):
            raise CaravelaError(f"there are keys in '{keys.folder}' already; give a new folder for the keys of a new repository.")
        root = Root(consistent_snapshot=True, expires=_until(now, life["root"]))
        signers = {role: keys.make(role) for role in ROLES}
        for role, signer in signers.items():
            root.add_key(signer.public_key, role)
        try:
            for part in ("metadata", "targets"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            (folder / "metadata" / "1.root.json").write_bytes(_signed(root, signers["root"]))
            (folder / "metadata" / "timestamp.json").touch()
        except OSError as error:
            raise CaravelaError(f"cannot write '{folder}' ({error.strerror}); give a folder that you can write.") from error
        repository = Repository(folder, keys)
        repository._put(Targets(), Snapshot(), Timestamp(), now=now, life=life)
        return repository

    @property
    def first_root(self) -> Path:
        """The file that a new car is given to trust."""
        return self._metadata / "1.root.json"

    def releases(self) -> dict[str, int]:
        """The newest release of every tier. Raises CaravelaError where the repository is damaged."""
        return {target.custom["tier"]: target.custom["release"] for target in self._newest(Targets).targets.values()}

    def publish(self, bundle: Path, *, tier: str, now: datetime, release: int | None = None, life: Mapping[str, timedelta] = LIFE) -> int:
        """Offer the file `bundle` to the cars of a tier, as `release` or as the next one. Returns the release.

        Raises:
            CaravelaError for a tier that is no name, a release that isn't newer, a file that can't be read, a damaged repository.
        """
        if not NAME.fullmatch(tier):
            raise CaravelaError(f"got the tier '{tier[:80]}'; expected a name of small letters, digits, '.', '_' and '-', as in 'se'.")
        newest = self.releases().get(tier, 0)
        release = newest + 1 if release is None else release
        if release <= newest:
            raise CaravelaError(
                f"release {release} of '{tier}' is not newer than {newest}, which is out; leave --release out for the next."
            )
        try:
            content = bundle.read_bytes()
        except OSError as error:
            raise CaravelaError(f"cannot read the bundle '{bundle}' ({error.strerror}); give an exported model.") from error
        self.publish_as_is(content, tier=tier, custom={"tier": tier, "release": release}, now=now, life=life)
        return release

    def publish_as_is(
        self, content: bytes, *, tier: str, custom: Mapping[str, object], now: datetime, life: Mapping[str, timedelta] = LIFE
    ) -> None:
        """Sign whatever is given, sensible or not, in the place of a tier: for tests of what cars refuse."""
        targets = self._newest(Targets)
        target = TargetFile.from_data(f"{tier}/{MODEL_FILE}", content, ["sha256"])
        target.unrecognized_fields["custom"] = dict(custom)
        place = self._targets / tier / f"{target.hashes['sha256']}.{MODEL_FILE}"
        self._write(place, content)
        targets.targets[target.path] = target
        self._put(targets, self._newest(Snapshot), self._newest(Timestamp), now=now, life=life)

    def renew(self, *, now: datetime, life: Mapping[str, timedelta] = LIFE) -> None:
        """Say that what is out still counts. Raises CaravelaError where a key isn't there or the repository is damaged."""
        self._put(self._newest(Targets), self._newest(Snapshot), self._newest(Timestamp), now=now, life=life)

    def rotate(self, role: str, *, now: datetime, life: Mapping[str, timedelta] = LIFE) -> None:
        """Replace the key of `role`: the new root is signed by the root key before and the one after; all else is signed anew."""
        root, before = self._newest(Root), self.keys.read("root")
        for keyid in list(root.roles[role].keyids):
            root.revoke_key(keyid, role)
        root.add_key(self.keys.make(role).public_key, role)
        root.version += 1
        root.expires = _until(now, life["root"])
        metadata = Metadata(root)
        metadata.sign(before)
        metadata.sign(self.keys.read("root"), append=True)
        self._write(self._metadata / f"{root.version}.root.json", metadata.to_bytes(JSONSerializer()))
        self.renew(now=now, life=life)

    def _put(self, targets: Targets, snapshot: Snapshot, timestamp: Timestamp, *, now: datetime, life: Mapping[str, timedelta]) -> None:
        """The next version of the three, the one that readers begin with last."""
        first = not (self._metadata / "timestamp.json").stat().st_size
        for signed in (targets, snapshot, timestamp):
            signed.version += 0 if first else 1
            signed.expires = _until(now, life[signed.type])
        content = _signed(targets, self.keys.read("targets"))
        self._write(self._metadata / f"{targets.version}.targets.json", content)
        snapshot.meta["targets.json"] = MetaFile.from_data(targets.version, content, ["sha256"])
        content = _signed(snapshot, self.keys.read("snapshot"))
        self._write(self._metadata / f"{snapshot.version}.snapshot.json", content)
        timestamp.snapshot_meta = MetaFile.from_data(snapshot.version, content, ["sha256"])
        self._write(self._metadata / "timestamp.json", _signed(timestamp, self.keys.read("timestamp")))

    def _newest(self, kind: type[Kind]) -> Kind:
        """The newest metadata of a role. Raises CaravelaError where it can't be read."""
        name = kind.type
        numbered = [int(path.name.split(".")[0]) for path in self._metadata.glob(f"*.{name}.json")]
        path = self._metadata / ("timestamp.json" if kind is Timestamp else f"{max(numbered, default=0)}.{name}.json")
        try:
            return Metadata[Kind].from_bytes(path.read_bytes()).signed
        except (OSError, RepositoryError) as error:
            raise CaravelaError(f"the repository at '{self.folder}' is damaged ({path.name}: {error}); restore it.") from error

    def _write(self, path: Path, content: bytes) -> None:
        """A whole file at one stroke. Raises CaravelaError where the disk does not take it."""
        partial = path.with_name(f".{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(partial, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except OSError as error:
            raise CaravelaError(f"cannot write '{path}' ({error.strerror}); make room, or give a folder that you can write.") from error


def _until(now: datetime, life: timedelta) -> datetime:
    return (now + life).astimezone(UTC).replace(microsecond=0)


def _signed(signed: Kind, signer: CryptoSigner) -> bytes:
    metadata = Metadata(signed)
    metadata.sign(signer)
    return metadata.to_bytes(JSONSerializer())
