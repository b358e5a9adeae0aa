"""How often other agents may ask: a token bucket for each one that somebody in the car has allowed something, and one bucket for all others
together, so that thinking up new names wins nothing."""

from dataclasses import dataclass

BURST = 10  # requests at once
PER_S = 1.0  # requests a second, for long
MOST_KNOWN = 64  # buckets; the least recently used goes
STRANGERS = ""  # the bucket of all who have been allowed nothing


@dataclass
class Bucket:
    """A token bucket, full at first."""

    level: float
    at_s: float


class Limits:
    """A bucket per client."""

    def __init__(self, *, burst: int = BURST, per_s: float = PER_S) -> None:
        self._burst, self._per_s = burst, per_s
        self._buckets: dict[str, Bucket] = {}

    def take(self, client: str, t_s: float) -> float:
        """Take a token at `t_s` (s, of a clock that does not jump). Returns 0, or the seconds until there is one again."""
        bucket = self._buckets.pop(client, None) or Bucket(self._burst, t_s)
        bucket.level = min(self._burst, bucket.level + max(0.0, t_s - bucket.at_s) * self._per_s)
        bucket.at_s = t_s
        self._buckets[client] = bucket
        while len(self._buckets) > MOST_KNOWN:
            del self._buckets[next(iter(self._buckets))]
        if bucket.level < 1.0:
            return (1.0 - bucket.level) / self._per_s
        bucket.level -= 1.0
        return 0.0
