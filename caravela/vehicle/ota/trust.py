"""What the car believes of a repository: nothing that is not signed by the keys that it trusts (The Update Framework, TUF 1.0, by its
reference client). Root keys may change, each change signed by the keys before; timestamp, snapshot and targets follow; each version
number may only grow and nothing may be past its time. Whatever goes wrong on the way is one of the named reasons.

A repository is a folder or an http(s) address with `metadata/` and `targets/`. A tier's bundle is the target `<tier>/model.onnx`; its
signed `custom` fields say for which tier it is and which release it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from tuf.api import exceptions
from tuf.api.metadata import Metadata, Root, TargetFile, Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher
from urllib3.exceptions import HTTPError

from caravela.core.bundle import MODEL_FILE
from caravela.core.errors import CaravelaError
from caravela.vehicle.ota.disk import Disk
from caravela.vehicle.ota.refusal import Reason, UpdateRefused
from caravela.vehicle.ota.state import Version, read_version

BUNDLE_BYTES = 256 << 20  # of a bundle that still fits the car
TIMEOUT_S = 10  # that a server may be silent
CHUNK = 1 << 16
FOLDER_SCHEME = "folder:///"


@dataclass(frozen=True)
class Offer:
    """What a repository has, signed, for one tier."""

    version: Version
    target: TargetFile


def checked_root(content: bytes, *, source: str) -> bytes:
    """`content`, if it is root metadata that its own keys signed. Raises CaravelaError, naming `source`, where it is not."""
    try:
        root = Metadata[Root].from_bytes(content)
        root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
    except (exceptions.RepositoryError, ValueError, RecursionError, AttributeError) as error:
        raise CaravelaError(
            f"{source} is no signed root metadata ({_cause(error)}); expected a repository's metadata/1.root.json."
        ) from error
    return content


class FolderFetcher(FetcherInterface):
    """Reads a repository that lies in a folder, as from a memory stick."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder, self._disk = folder.resolve(), disk

    def _fetch(self, url: str) -> Iterator[bytes]:
        """The content of a file, in chunks. Raises DownloadHTTPError, as a server's answer 404, where there is none, and
        DownloadError where it can't be read."""
        path = (self._folder / unquote(url.removeprefix(FOLDER_SCHEME))).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise exceptions.DownloadHTTPError(f"no file {path.name}", 404)
        try:
            with open(path, "rb") as file:
                while chunk := file.read(CHUNK):
                    self._disk.step(f"receive {path.name}")
                    yield chunk
        except OSError as error:
            raise exceptions.DownloadError(f"cannot read {path.name}: {error.strerror}") from error


class Trust:
    """A repository, seen from a car."""

    def __init__(self, address: str, *, root: bytes, metadata: Path, disk: Disk, fetcher: FetcherInterface | None = None) -> None:
        """`root` is the root metadata that the car trusts, `metadata` the folder where it keeps what it has verified.

        Raises:
            CaravelaError where `address` is neither an http(s) address nor a folder.
        """
        self.address, self._disk, self._metadata = address, disk, metadata
        if fetcher is None:
            if address.startswith(("http://", "https://")):
                fetcher = Urllib3Fetcher(socket_timeout=TIMEOUT_S)
            elif Path(address).is_dir():
                fetcher = FolderFetcher(Path(address), disk)
            else:
                raise CaravelaError(f"no repository at '{address}'; expected a folder with metadata/ and targets/, or an http(s) address.")
        base = address.rstrip("/") + "/" if isinstance(fetcher, Urllib3Fetcher) else FOLDER_SCHEME
        self._places = {"metadata_base_url": f"{base}metadata/", "target_base_url": f"{base}targets/"}
        self._root, self._fetcher = root, fetcher
        self._updater: Updater | None = None

    def offer(self, tier: str) -> Offer:
        """What there is for `tier`, by metadata that has been verified and is on the disk.

        Raises:
            UpdateRefused: unsigned, expired, older, damaged or unreachable; other tier, where there is nothing for this one.
            OSError: the metadata could not be written.
        """
        path = f"{tier}/{MODEL_FILE}"
        with self._refusing():
            self._disk.step("verify the metadata")
            config = UpdaterConfig(app_user_agent="caravela")
            self._updater = Updater(str(self._metadata), fetcher=self._fetcher, config=config, bootstrap=self._root, **self._places)
            self._updater.refresh()
            target = self._updater.get_targetinfo(path)
            for file in sorted(self._metadata.rglob("*.json")):
                self._disk.sync(file)
            self._disk.sync(self._metadata / "root_history")
            self._disk.sync(self._metadata)
            signed = Metadata[Targets].from_file(str(self._metadata / "targets.json")).signed
        if target is None:
            others = sorted({each.split("/")[0] for each in signed.targets})
            told = f"it has {', '.join(others)[:200]}" if others else "it has nothing at all"
            raise UpdateRefused(Reason.OTHER_TIER, f"'{self.address}' has no bundle for the tier '{tier}'; {told}.")
        custom = target.custom if isinstance(target.custom, dict) else {}
        if custom.get("tier") != tier:
            raise UpdateRefused(
                Reason.OTHER_TIER,
                f"the bundle in the place of the tier '{tier}' is signed for {custom.get('tier')!r:.80}; publish it anew.",
            )
        fields = {"release": custom.get("release"), "sha256": target.hashes.get("sha256"), "length": target.length}
        try:
            version = read_version(fields | {"expires": signed.expires.isoformat()})
        except ValueError as error:
            raise UpdateRefused(
                Reason.DAMAGED, f"what is signed for the tier '{tier}' names no release ({error}); publish it anew."
            ) from error
        if not 0 < version.length <= BUNDLE_BYTES:
            raise UpdateRefused(Reason.DAMAGED, f"the bundle is said to have {version.length:,} bytes; expected at most {BUNDLE_BYTES:,}.")
        return Offer(version, target)

    def download(self, offer: Offer, path: Path) -> None:
        """The offered file, whole and verified, to `path`.

        Raises:
            UpdateRefused: damaged or unreachable.
            OSError: it could not be written.
        """
        assert self._updater is not None, "there is an offer only after `offer`"
        with self._refusing():
            self._updater.download_target(offer.target, str(path))
            self._disk.sync(path)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """TUF's complaints as refusals."""
        try:
            yield
        except exceptions.UnsignedMetadataError as error:
            raise UpdateRefused(
                Reason.UNSIGNED, f"'{self.address}' is not signed by the keys that this car trusts ({error}); sign it with them."
            ) from error
        except exceptions.ExpiredMetadataError as error:
            raise UpdateRefused(
                Reason.EXPIRED, f"what '{self.address}' signed is past its time ({error}); sign it anew, or check the car's clock."
            ) from error
        except exceptions.BadVersionNumberError as error:
            raise UpdateRefused(
                Reason.OLDER, f"'{self.address}' shows metadata older than this car has seen ({error}); show it the newest."
            ) from error
        except (exceptions.RepositoryError, exceptions.DownloadLengthMismatchError, RecursionError, ValueError) as error:
            raise UpdateRefused(
                Reason.DAMAGED, f"'{self.address}' holds bytes other than those signed ({_cause(error)}); publish it anew."
            ) from error
        except (exceptions.DownloadError, HTTPError) as error:
            raise UpdateRefused(
                Reason.UNREACHABLE, f"'{self.address}' does not give what it should have ({_cause(error)}); try again later."
            ) from error


def _cause(error: BaseException) -> str:
    """The first line of an error, and the kind of what lies below it."""
    below = f", {type(error.__cause__).__name__}" if error.__cause__ else ""
    return f"{str(error).splitlines()[0][:160] if str(error) else type(error).__name__}{below}"
