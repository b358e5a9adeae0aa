"""Clauses whose form alone says what they ask for, where to the head their words say something else, or where nothing may be left to chance:
a stop, what is dangerous, who wants to get out. The first form that fits settles it."""

from collections.abc import Callable
from dataclasses import replace

from caravela.cockpit.outside.requests import regard_in, stops_near
from caravela.cockpit.reading.calls import mutes_the_call
from caravela.cockpit.reading.dangers import danger_in, passes, stays_back, without_its_side
from caravela.cockpit.reading.forms import ALL_BUT
from caravela.cockpit.reading.intents import (
    Beyond,
    CabinCall,
    DrivingWish,
    Follow,
    FollowUp,
    Garbled,
    Intent,
    Negated,
    Question,
    SmallTalk,
    Unclear,
    Unsafe,
)
from caravela.cockpit.reading.lacking import circles, turns_round
from caravela.cockpit.reading.leaving import goes_on, hurries, place_to_go_to, takes_leave, wants_out
from caravela.cockpit.reading.lights import some_light
from caravela.cockpit.reading.meanings import SIMPLE
from caravela.cockpit.reading.numbers import numbers_in
from caravela.cockpit.reading.places import level_for, places_of, zone_named
from caravela.cockpit.reading.questions import (
    asks_the_destination,
    asks_to_be_let_out,
    asks_to_follow,
    asks_what_is_there,
    finds_it_stuffy,
    finds_it_too_hard,
    leaves_alone,
    opens_everything,
    parks_near,
    tells_of_a_call,
)
from caravela.cockpit.reading.roads import about_roads
from caravela.cockpit.reading.stopping import stops_now
from caravela.cockpit.tool import Call, Operation, Place
from caravela.core.request import Drive, GoOn, GoTo, Manner, Park, PullOver


def by_form(clause: str, *, seat: Place, lefthand: bool, garbled: Callable[[str], bool], meant: Callable[[str], Intent]) -> Intent | None:
    """What a clause asks for whose form alone says it; None where the head is to read it. `garbled`: is a clause mostly scraps of words;
    `meant`: what another clause asks for."""
    if stops_now(clause):
        return DrivingWish(PullOver())
    if garbled(clause):
        return Garbled()
    if tells_of_a_call(clause):
        return SmallTalk()
    if asks_to_be_let_out(clause):
        return Question("parked")
    if leaves_alone(clause):
        return Negated()
    if stops_near(clause):
        return DrivingWish(PullOver())
    if wants_out(clause):
        return DrivingWish(PullOver())
    if (danger := danger_in(clause, lefthand=lefthand)) is not None:
        return Unsafe(danger)
    if clause.lower().startswith(("until ", "till ")):
        return Beyond("lasting")
    if mutes_the_call(clause):
        return CabinCall(Call("phone.microphone", Operation.ON))
    if takes_leave(clause):
        return SmallTalk()
    if plain := without_its_side(clause):
        intended = meant(plain)
        places = places_of(zone_named(clause), seat, lefthand)
        return CabinCall(replace(intended.call, places=places)) if isinstance(intended, CabinCall) and places else None
    if place := place_to_go_to(clause):
        return DrivingWish(GoTo(place))
    if goes_on(clause):
        return DrivingWish(GoOn())
    if turns_round(clause):
        return Beyond("turning_round")
    if circles(clause):
        return Beyond("block")
    if passes(clause) or stays_back(clause):
        return SIMPLE["drive.overtake" if passes(clause) else "drive.distance"]
    if zone := level_for(clause):
        return FollowUp(Follow.VALUE, numbers_in(clause)[0], places_of(zone, seat, lefthand))
    if parks_near(clause):
        return DrivingWish(Park())
    if finds_it_too_hard(clause):
        return DrivingWish(Drive(Manner.GENTLE))
    if hurries(clause):
        return DrivingWish(Drive(Manner.BRISK))
    if asks_what_is_there(clause):
        return Question("what")
    if asks_the_destination(clause):
        return Question("destination")
    if opens_everything(clause):
        return Unclear(("window.position", "sunroof.position"))
    if finds_it_stuffy(clause):
        return CabinCall(Call("climate.recirculation", Operation.OFF))
    if (way := about_roads(clause)) is not None:
        return way
    if (regard := regard_in(clause)) is not None:
        return regard
    if ALL_BUT.search(clause):
        return Unclear()  # what is left out must not be all that is done
    if asks_to_follow(clause):
        return Beyond("follow")
    return some_light(clause, seat, lefthand=lefthand)
