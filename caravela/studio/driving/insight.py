"""What a policy says of itself beside its plan: what it saw, and whether its critic means anything."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from caravela.core.protocols import Policy
from caravela.core.types import policy_rig


def has_critic(policy: Policy) -> bool:
    """Whether a policy's values and risk come from a critic that has been trained. An exported model says so in its config; of
    any other policy it is taken for granted."""
    card = getattr(getattr(policy, "bundle", None), "card", None)
    return True if card is None else bool(card.config.get("critic_trained", False))


def insight_of(policy: Policy) -> Mapping[str, Any]:
    """What a policy says it saw: the fields of its `insight`, without its latent thought and its pictures of who is where, for which stand the
    things in them; empty where it says nothing."""
    insight: Any = getattr(policy, "insight", None) or {}
    if isinstance(insight, Mapping):
        return {name: value for name, value in insight.items() if name != "thought"}
    fields = {
        each.name: getattr(insight, each.name) for each in dataclasses.fields(insight) if each.name not in ("thought", "bodies", "depth")
    }
    around = insight.around(getattr(policy, "rig", None) or policy_rig()) if hasattr(insight, "around") else None
    return fields if around is None else {**fields, "things": [thing.told() for thing in around]}
