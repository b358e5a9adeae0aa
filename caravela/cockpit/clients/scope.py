"""Scopes: the parts of the car that a person allows another agent, one by one. Each thing that is offered lies in exactly one."""

from enum import StrEnum

from caravela.core.errors import unknown_name


class Scope(StrEnum):
    VEHICLE_READ = "vehicle.read"
    CABIN_READ = "cabin.read"
    CABIN_WRITE = "cabin.write"
    EXTERIOR = "exterior"
    ACCESS = "access"
    PHONE = "phone"
    NAVIGATION = "navigation"
    DRIVING_REQUEST = "driving.request"


ASKED = {  # how a person is asked for it
    Scope.VEHICLE_READ: "see speed, light ahead, battery and weather",
    Scope.CABIN_READ: "see how the cabin is set and what is playing",
    Scope.CABIN_WRITE: "change climate, seats, windows, cabin lights, media and screens",
    Scope.EXTERIOR: "switch lights, wipers and mirrors",
    Scope.ACCESS: "open, lock and unlock doors and the charging port",
    Scope.PHONE: "make and take telephone calls",
    Scope.NAVIGATION: "set where we go",
    Scope.DRIVING_REQUEST: "ask for turns, stops and calmer driving",
}
_OF = (  # first match; what is not named is the cabin's
    (("phone.",), Scope.PHONE),
    (("door.", "boot.", "frunk.", "hood.", "window.lock", "charging."), Scope.ACCESS),
    (("light.headlights", "light.h", "light.front", "light.rear", "light.parking", "wiper.", "mirror.", "windscreen."), Scope.EXTERIOR),
    (("navigation.",), Scope.NAVIGATION),
)


def scope_of(tool: str) -> Scope:
    """The scope in which a tool of the cabin is moved."""
    return next((scope for starts, scope in _OF if tool.startswith(starts)), Scope.CABIN_WRITE)


def scopes_named(names: tuple[str, ...]) -> frozenset[Scope]:
    """Scopes by their names. Raises CaravelaError for one that there is none of."""
    for name in names:
        if name not in set(Scope):
            raise unknown_name("scope", name, Scope)
    return frozenset(Scope(name) for name in names)
