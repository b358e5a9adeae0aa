"""The modes of the car and the few words that everything around them shares. There are three modes and no more: a mode in
which the car drives and a person must catch it has no name here, so nothing can be in it."""

from enum import StrEnum


class Mode(StrEnum):
    MANUAL = "manual"  # the driver drives
    L2 = "L2"  # the car helps, the driver drives, answers and is watched
    L4 = "L4"  # the car drives and ends every failure itself; a legal entity answers


class Phase(StrEnum):
    """Where L4 is."""

    DRIVING = "driving"
    MANOEUVRE = "minimal-risk manoeuvre"  # on its way to a stop, hazard lights on, without the network
    STOPPED = "minimal-risk condition"  # stays there until a deliberate act


class Author(StrEnum):
    """Where the commands to the actuators come from. It says nothing about who answers for them."""

    DRIVER = "driver"
    NETWORK = "network"
    STOP_PATH = "stop path"  # slows down along the last good plan; knows no network
    HOLD = "hold"  # brakes closed at standstill


class Alert(StrEnum):
    """What the driver is told, from nothing to the loudest (terms of UN Regulation 171, 5.5.4.2.3)."""

    NONE = "none"
    HANDS_ON = "hands-on request"
    EYES_ON = "eyes-on request"
    HANDS_ON_ESCALATED = "hands-on request, escalated"
    EYES_ON_ESCALATED = "eyes-on request, escalated"
    DIRECT_CONTROL = "direct control alert"
    UNAVAILABLE = "driver unavailability response"
    TAKE_OVER_OFFER = "offer to take over"  # L4 only: may be declined by doing nothing
    TAKE_OVER_OFFER_ESCALATED = "offer to take over, escalated"

    @property
    def escalated(self) -> bool:
        """Whether it is also heard or felt."""
        return self not in (Alert.NONE, Alert.HANDS_ON, Alert.EYES_ON, Alert.TAKE_OVER_OFFER)


class Fault(StrEnum):
    """What can go wrong under way, by name."""

    FRAME_MISSING = "frame missing"  # no observation came this tick
    FRAME_LATE = "frame late"  # the newest picture is older than it may be
    CAMERA_STUCK = "camera stuck"  # a camera repeats itself while the car moves
    CAMERA_BLIND = "camera blind"  # a camera shows one flat colour
    INPUT_INVALID = "input invalid"  # speed or yaw rate is no number, or pictures have another shape
    PLAN_LATE = "plan late"  # the model missed its deadline
    PLAN_NOT_FINITE = "plan not finite"  # NaN or infinity in what the model says
    PLAN_OUT_OF_RANGE = "plan out of range"  # a command that no car can follow
    PLAN_TOO_OLD = "plan too old"  # the newest good one was made too long ago, whatever kept others away
    MODEL_DEAD = "model dead"  # its process has ended
    CLOCK_JUMPED = "clock jumped"  # time ran backwards, or ahead
    HEARTBEAT_LOST = "heartbeat lost"  # the loop itself has stopped telling that it lives
