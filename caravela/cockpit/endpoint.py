"""A chat endpoint that speaks the OpenAI-compatible protocol, as thin as can be: words out, words in. Anything else in its answer – tools it
would like to call, roles, links – is not even read. Slow, dead, huge or garbled answers are one error, told at once and then left alone a while."""

import json
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.parse import urlsplit

from caravela.core.errors import CaravelaError

LARGEST_REPLY = 65_536  # bytes
LONGEST_TEXT = 400  # characters of a reply that are said
URL, MODEL, KEY = "CARAVELA_DIALOGUE_URL", "CARAVELA_DIALOGUE_MODEL", "CARAVELA_DIALOGUE_KEY"  # environment
_LOCAL = ("127.0.0.1", "localhost", "::1")


class EndpointError(CaravelaError):
    """An endpoint that cannot be used, or that did not answer as one."""


@dataclass(frozen=True)
class Endpoint:
    """Where it is. `url` is what ends in /v1; the key is sent to it and nowhere else."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    within_s: float = 6.0  # for the whole answer

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port  # a port that is none is told here
        except ValueError:
            parts, host = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not host:
            raise EndpointError(f"the dialogue endpoint is '{self.url[:80]}'; expected an address such as http://127.0.0.1:8080/v1.")
        if self.key and parts.scheme == "http" and host not in _LOCAL:
            raise EndpointError(f"the key would travel to {host} unencrypted; give an https address.")
        if not self.key.isascii() or not self.key.isprintable():
            raise EndpointError(f"the key in {KEY} holds characters that no key has; set it anew.")
        if not self.model:
            raise EndpointError("the dialogue endpoint has no model; name one with --endpoint-model.")

    @staticmethod
    def found(url: str | None, model: str | None, environment: Mapping[str, str]) -> "Endpoint | None":
        """That of the options, or else of the environment; None where there is none. The key comes from the environment alone: options
        are seen by everybody on a machine."""
        url = url or environment.get(URL, "")
        return Endpoint(url, model or environment.get(MODEL, ""), environment.get(KEY, "")) if url else None

    def reply(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The text that it answers. Raises EndpointError for anything else, and for what takes longer than `within_s`: one that trickles
        is left to itself."""
        told: list[str | EndpointError] = []
        worker = threading.Thread(target=lambda: told.append(self._outcome(messages)), daemon=True)
        worker.start()
        worker.join(self.within_s)
        outcome = told[0] if told else EndpointError(f"the dialogue endpoint did not answer within {self.within_s:g} s.")
        if isinstance(outcome, EndpointError):
            raise outcome
        return outcome

    def _outcome(self, messages: Sequence[Mapping[str, str]]) -> str | EndpointError:
        body = json.dumps({"model": self.model, "messages": list(messages), "max_tokens": 160, "stream": False}).encode()
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.key}"} if self.key else {})}
        request = urllib.request.Request(f"{self.url.rstrip('/')}/chat/completions", body, headers, method="POST")
        try:
            with _opener().open(request, timeout=self.within_s) as answer:
                read = answer.read(LARGEST_REPLY + 1)
            text = json.loads(read)["choices"][0]["message"]["content"] if len(read) <= LARGEST_REPLY else None
            if isinstance(text, str) and text.strip():
                return text
        except (OSError, HTTPException) as error:
            return EndpointError(f"the dialogue endpoint does not answer ({str(error)[:80] or type(error).__name__}).")
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            pass
        return EndpointError("the dialogue endpoint answered something that is no chat completion.")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An answer that sends us elsewhere is no answer: the key is for one place."""

    def redirect_request(self, *_: object) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    """Through the environment's proxy for https alone: one for http would read the key."""
    proxies = {scheme: proxy for scheme, proxy in urllib.request.getproxies().items() if scheme == "https"}
    return urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler(proxies))


def plain(text: str) -> str:
    """A text as it may be said: one line of readable characters, not long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * LONGEST_TEXT]).split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT - 1]}…"
