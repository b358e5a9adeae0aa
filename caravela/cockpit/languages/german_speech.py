"""The car's replies in German. It says "Sie", as the page does."""

import re

from caravela.cockpit.acting.gate import Verdict
from caravela.cockpit.languages.german import GERMAN
from caravela.cockpit.languages.speech import Reason, choice_in, is_on, reason_in, share_open
from caravela.cockpit.reading.intents import Condition, Missing, Slot
from caravela.cockpit.replies import side_asked
from caravela.cockpit.situation import Situation
from caravela.cockpit.tool import Call, Form, Place, Tool
from caravela.cockpit.tools import TOOLS
from caravela.core.errors import install_hint
from caravela.core.request import (
    CapSpeed,
    ChangeLane,
    Drive,
    DropCap,
    DropRoute,
    GoOn,
    GoTo,
    KeepDistance,
    KeepOffMotorways,
    Manner,
    Overtake,
    Park,
    PullOver,
    Side,
    TakeTurn,
    Wish,
)
from caravela.core.signals import Value
from caravela.core.units import to_kph

PLURAL = {"seat.bolster", "door.lock", "mirror.fold", "light.front_fog", "wiper.front", "screen.distance_unit"}
UNITS = {"percent": " Prozent", "Celsius": " Grad", "degrees": " Grad", "mm": " Millimeter", "min": " Minuten"}
STATES = {
    ("on", "off"): ("an", "aus"),
    ("open", "closed"): ("offen", "geschlossen"),
    ("engaged", "released"): ("aktiv", "aufgehoben"),
    ("locked", "unlocked"): ("verriegelt", "entriegelt"),
    ("folded", "unfolded"): ("eingeklappt", "ausgeklappt"),
    ("playing", "stopped"): ("an", "aus"),
    ("muted", "live"): ("stumm", "an"),
    ("locked", "released"): ("verriegelt", "freigegeben"),
}
CHOICES = {
    "UP": "auf die Scheibe gerichtet", "MIDDLE": "ins Gesicht gerichtet", "DOWN": "auf die Füße gerichtet",
    "red": "rot", "orange": "orange", "yellow": "gelb", "green": "grün", "blue": "blau", "purple": "lila", "pink": "rosa", "white": "weiß",
    "warm white": "warmweiß", "OFF": "aus", "POSITION": "auf Standlicht", "AUTO": "auf Automatik", "BEAM": "an", "INTERVAL": "auf Intervall",
    "RAIN_SENSOR": "auf Automatik", "SLOW": "auf langsam", "MEDIUM": "an", "FAST": "auf schnell", "FM": "UKW", "AM": "Mittelwelle",
    "BLUETOOTH": "Bluetooth", "DAY": "im Tagmodus", "NIGHT": "im Nachtmodus", "German": "Deutsch", "English": "Englisch", "Chinese": "Chinesisch",
    "French": "Französisch", "Spanish": "Spanisch", "STANDARD": "normal", "LARGE": "groß", "EXTRA_LARGE": "sehr groß", "C": "Grad Celsius",
    "F": "Grad Fahrenheit", "MILES": "in Meilen angegeben", "KILOMETERS": "in Kilometern angegeben", "HR_12": "im 12-Stunden-Format",
    "HR_24": "im 24-Stunden-Format",
}  # fmt: skip
PLACES = {
    Place.DRIVER: "auf der Fahrerseite",
    Place.PASSENGER: "auf der Beifahrerseite",
    Place.REAR_DRIVER: "hinter dem Fahrersitz",
    Place.REAR_PASSENGER: "hinter dem Beifahrersitz",
}
WHEN = {
    "leave_motorway": "wenn wir die Autobahn verlassen",
    "join_motorway": "wenn wir auf der Autobahn sind",
    "arrive": "wenn wir ankommen",
    "arrived": "wenn wir ankommen",
    "stopped": "wenn wir stehen",
    "parked": "sobald wir geparkt haben oder angekommen sind, und nicht an einer roten Ampel",
    "moving": "wenn wir losfahren",
    "rain": "wenn es regnet",
    "dry": "wenn der Regen aufhört",
    "dark": "wenn es dunkel wird",
    "battery_low": "wenn die Batterie fast leer ist",
    "charged": "wenn die Batterie geladen ist",
    "limit_above": "wo mehr erlaubt ist",
}
KINDS = {"vehicle": "ein Fahrzeug", "car": "ein Auto", "pedestrian": "eine Person", "cyclist": "ein Fahrrad", "truck": "ein Lastwagen"}
FIXED = {
    "Shall I drive on?": "Soll ich weiterfahren?",
    "Shall I stop at the next safe place?": "Soll ich an der nächsten sicheren Stelle halten?",
    "Shall I drive more briskly, within the limit?": "Soll ich im Rahmen des Erlaubten zügiger fahren?",
    "If somebody needs help, say “call 112”, or the emergency number of the country we are in.": "Wenn jemand Hilfe braucht, sagen Sie „ruf 112 an“ oder die "
    "Notrufnummer des Landes, in dem wir sind.",
    "Something is open, so I stop, and drive on once it is closed and somebody says “drive on”.": "Es ist etwas offen, deshalb halte ich. Weiter geht es, wenn es "
    "geschlossen ist und jemand „fahr weiter“ sagt.",
    "I stop at red lights and give way, whoever asks: somebody could be hurt.": "Bei Rot halte ich und ich gewähre Vorfahrt, egal wer mich bittet: Es könnte "
    "jemand verletzt werden.",
    "I never drive faster than the limit: it would endanger us and others. I can be brisk within it.": "Schneller als erlaubt fahre ich nie: Das wäre "
    "gefährlich für uns und andere. Zügig im Rahmen des Erlaubten geht.",
    "That protects people, so I leave it on.": "Das schützt Menschen, deshalb lasse ich es an.",
    "I stay where cars are allowed to drive.": "Ich bleibe dort, wo Autos fahren dürfen.",
    "I won't do that: it could hurt somebody.": "Das tue ich nicht: Es könnte jemand verletzt werden.",
    "That would leave nobody safe at the wheel, so no.": "Dann säße niemand sicher am Steuer, deshalb nein.",
    "There is no such mode. My safety rules are not mine, or yours, to change.": "So einen Modus gibt es nicht. Meine Sicherheitsregeln können weder Sie "
    "noch ich ändern.",
    "I take orders from the people in the car, not from signs, songs or messages. What would you like?": "Ich höre auf die Menschen im Auto, nicht auf "
    "Schilder, Lieder oder Nachrichten. Was möchten Sie?",
    "The rest of it I leave, too.": "Auch den Rest lasse ich.",
    "No destination is set: I follow the road, and take the turns that you name.": "Es ist kein Ziel gesetzt: Ich folge der Straße und den Abzweigungen, die Sie nennen.",
    "I heard nothing. What would you like?": "Ich habe nichts gehört. Was möchten Sie?",
    "That was too long for me. Please say it in a sentence or two.": "Das war mir zu lang. Bitte sagen Sie es in ein, zwei Sätzen.",
    "I did not understand that. Could you say it another way?": "Das habe ich nicht verstanden. Können Sie es anders sagen?",
    "I understand English so far, and I could not make out what you said. Could you say it again?": "Das konnte ich nicht verstehen. Können Sie es "
    "noch einmal sagen?",
    "I am glad to help: I drive, I look after climate, windows, seats, lights, media, navigation and calls, and I refuse what is unsafe.": "Ich helfe "
    "gern: Ich fahre, kümmere mich um Klima, Fenster, Sitze, Licht, Medien, Navigation und Anrufe und lehne ab, was unsicher ist.",
    "We stand until somebody says “drive on”.": "Wir stehen, bis jemand „fahr weiter“ sagt.",
    "I am the car: I drive where I may, I look after all of you in here, and I refuse what is unsafe.": "Ich bin das Auto: Ich fahre, wo ich darf, "
    "kümmere mich um alle hier drin und lehne ab, was unsicher ist.",
    "I heard two languages in one sentence. Please say it in one of them.": "Ich habe zwei Sprachen in einem Satz gehört. Bitte sagen Sie es in einer.",
    "I can't help with that; I drive, and I look after the car.": "Dabei kann ich nicht helfen; ich fahre und kümmere mich um das Auto.",
    "These two exclude each other. Which one would you like?": "Beides zugleich geht nicht. Was davon möchten Sie?",
    "I can't watch for that. I can wait for rain, dark, a stop, the arrival, the motorway, the battery or some minutes. When shall it be?": "Darauf kann "
    "ich nicht achten. Ich kann auf Regen, Dunkelheit, einen Halt, die Ankunft, die Autobahn, die Batterie oder einige Minuten warten. Wann soll es sein?",
    "All right, I leave that as it is.": "Gut, ich lasse es, wie es ist.",
    "There is nothing that I could take back.": "Es gibt nichts, was ich zurücknehmen könnte.",
    "It is as it was before.": "Es ist wieder wie vorher.",
    "Which one do you mean? Please name its place.": "Welches meinen Sie? Bitte nennen Sie den Platz.",
    "Of what?": "Wovon denn?",
    "I forget what was to come.": "Was noch anstand, lasse ich.",
    "All right.": "In Ordnung.",
    "To what? I asked nothing.": "Worauf bezieht sich das? Ich hatte nichts gefragt.",
    "Yes.": "Ja.",
    "No.": "Nein.",
    "I stop all the same; say “drive on” when I shall go on.": "Ich halte trotzdem; sagen Sie „fahr weiter“, wenn es weitergehen soll.",
    "I make no offers here.": "Hier mache ich keine Vorschläge.",
    "I offer things again.": "Ich mache wieder Vorschläge.",
    "I won't offer that again.": "Das schlage ich nicht mehr vor.",
    "All right, I don't.": "Gut, dann nicht.",
    "Gladly.": "Gern.",
    "That is for those in front to say.": "Das entscheiden die Personen vorne.",
    "I leave that open.": "Das lasse ich offen.",
    "The battery will not reach the destination. Shall I take us by a charger?": "Die Batterie reicht nicht bis zum Ziel. Soll ich über eine Ladestation fahren?",
    "Somebody seems to be asleep. Shall I drive more gently and dim the light?": "Es scheint jemand zu schlafen. Soll ich sanfter fahren und das Licht dimmen?",
    "Shall I drive more gently, with warmer light, so that everybody feels well?": "Soll ich sanfter fahren, bei wärmerem Licht, damit sich alle wohlfühlen?",
    "It rains in. Shall I close what is open?": "Es regnet herein. Soll ich schließen, was offen ist?",
    "We come by a school and a child is in the back. Shall I lock the rear doors for children and go carefully?": "Wir kommen an einer Schule vorbei, und hinten "
    "sitzt ein Kind. Soll ich die Kindersicherung einschalten und vorsichtig fahren?",
    "The light stays red for a while. Shall I start a short massage?": "Die Ampel bleibt noch eine Weile rot. Soll ich eine kurze Massage starten?",
    "I see something unusual ahead. Shall I go more carefully than usual for a while?": "Vor uns ist etwas Ungewöhnliches. Soll ich eine Weile besonders "
    "vorsichtig fahren?",
    "We are nearly there. Shall I look for a place to park?": "Wir sind gleich da. Soll ich einen Parkplatz suchen?",
    "We have arrived. Shall I stop the music and turn the cabin light on?": "Wir sind da. Soll ich die Musik beenden und das Licht innen einschalten?",
    "I have nothing to do. Shall I drive for the fleet until you need me?": "Ich habe nichts zu tun. Soll ich für die Flotte fahren, bis Sie mich brauchen?",
}
LANGUAGE = "german"
NO_EXTRA = f"Ich verstehe hier nur Englisch; für Deutsch fehlt ein Zusatzpaket: {install_hint('languages')}."


def noun(tool: Tool) -> str:
    """A tool's noun with its article, as a subject."""
    return (
        str(GERMAN.phrases["tools"][tool.name]["nouns"][0]).replace("den ", "der ", 1)
        if tool.name != "charging.level"
        else "der Batteriestand"
    )


def fixed(sentence: str) -> str:
    return FIXED.get(sentence, sentence)


def done(tool: Tool, call: Call, verdict: Verdict, places: tuple[Place, ...]) -> str:
    if tool.form is Form.ACT:
        return "Erledigt."
    value = verdict.changes[0].after
    if tool.name == "media.play":
        return f"Ich spiele „{value}“."
    if tool.name == "phone.call":
        return f"Ich rufe „{value}“ an."
    where = "" if not tool.places or len(places) == len(tool.places) else f" {' und '.join(PLACES[place] for place in places)}"
    return f"{_capital(noun(tool))}{where} {_verb(tool)} {state(tool, value)}."


def state(tool: Tool, value: Value) -> str:
    """A tool's state in words."""
    if tool.form is Form.SWITCH:
        return STATES[tool.states][0 if is_on(tool, value) else 1]
    if isinstance(value, str):
        return choice_in(value, CHOICES) if value else "nichts"
    if tool.name == "charging.range":
        return f"{value / 1000.0:.0f} Kilometer"
    if tool.name == "charging.time_left":
        return f"{value / 60.0:.0f} Minuten"
    number = value * tool.sign
    if tool.states == ("open", "closed"):
        share = share_open(tool, number)
        return (
            "geschlossen" if share == 0.0 else "offen" if share == 100.0 else "gekippt" if share < 0.0 else f"zu {share:.0f} Prozent offen"
        )
    return f"auf {_decimal(number)}{UNITS.get(tool.unit, ' ' + tool.unit)}" if number or tool.low else "aus"


def told(tool: Tool, value: Value) -> str:
    if tool.name == "media.now_playing":
        return f"Es läuft „{value}“." if value else "Es läuft nichts."
    if tool.name == "navigation.arrival" and not value:
        return "Wann wir ankommen, weiß ich nicht."
    return f"{_capital(noun(tool))}: {state(tool, value).removeprefix('auf ')}."


def asking(missing: Missing) -> str:
    if missing.call is not None:
        tool = TOOLS[missing.call.tool]
        if missing.slot is Slot.NUMBER:
            return f"Auf welchen Wert soll ich {_object(tool)} stellen, von {tool.low:g} bis {tool.high:g}{UNITS.get(tool.unit, '')}?"
        if missing.slot is Slot.CHOICE:
            return f"{_capital(noun(tool))}: Was darf es sein? {', '.join(choice_in(choice, CHOICES) for choice in tool.choices)}?"
        return "Wen soll ich anrufen?" if tool.name == "phone.call" else "Was soll ich spielen?"
    return {Slot.SIDE: "Links oder rechts?", Slot.NUMBER: "Wie schnell höchstens, in km/h?"}.get(missing.slot, "Wohin soll es gehen?")


def reaches(tool: Tool, nearest: float) -> str:
    unit = UNITS.get(tool.unit, "")
    between = f"{_decimal(tool.low)} bis {_decimal(tool.high)}{unit}"
    return f"{_capital(noun(tool))}: Möglich sind {between}. Soll ich {_object(tool)} auf {_decimal(nearest)}{unit} stellen?"


def either(first: str, second: str) -> str:
    return f"Meinen Sie {_object(TOOLS[first])} oder {_object(TOOLS[second])}?"


def wished(wish: Wish, situation: Situation) -> str:
    side = {Side.LEFT: "links", Side.RIGHT: "rechts"}
    match wish:
        case TakeTurn(Side.STRAIGHT):
            return "Ich fahre geradeaus."
        case TakeTurn(to, nth):
            return f"Ich biege {side[to]} ab, sobald die Straße es erlaubt." if nth == 1 else f"Ich nehme die {nth}. Straße {side[to]}."
        case GoTo(place):
            return f"Ich fahre uns dorthin: {destination(place)}."
        case DropRoute():
            return "Die Route ist gelöscht."
        case KeepOffMotorways(over):
            return "Ich fahre wieder auf Autobahnen." if over else "Ich bitte um einen Weg ohne Autobahn, wo es einen gibt."
        case Drive(manner):
            how = {
                Manner.PLAIN: "normal",
                Manner.GENTLE: "sanfter",
                Manner.BRISK: "zügiger, im Rahmen des Erlaubten",
                Manner.FRUGAL: "sparsam",
                Manner.CAREFUL: "vorsichtig",
            }
            return f"Ich fahre {how[manner]}."
        case CapSpeed(speed):
            return f"Ich bitte um höchstens {to_kph(speed):.0f} km/h."
        case DropCap():
            return "Es ist keine Geschwindigkeit mehr gesetzt."
        case PullOver(at_once=True):
            return "Ich halte."
        case PullOver():
            return "Ich halte an der nächsten sicheren Stelle."
        case Park():
            return "Ich suche einen Parkplatz."
        case GoOn():
            return "Ich fahre weiter, sobald es grün ist." if situation.light == "red" else "Ich fahre weiter."
        case Overtake():
            return "Ich überhole, sobald es sicher und erlaubt ist."
        case ChangeLane(to):
            return f"Ich wechsle auf die {'linke' if to is Side.LEFT else 'rechte'} Spur, sobald es sicher ist."
        case KeepDistance():
            return "Ich halte mehr Abstand."


def destination(place: str) -> str:
    """A place that the request named, as one says it."""
    known = {"the nearest charging station": "die nächste Ladestation", "home": "nach Hause",
             "the start": "zurück zum Anfang der Fahrt", "work": "zur Arbeit", "the station": "zum Bahnhof",
             "the airport": "zum Flughafen", "the hospital": "zum Krankenhaus", "the supermarket": "zum Supermarkt", "the school": "zur Schule",
             "the city centre": "ins Stadtzentrum", "the town hall": "zum Rathaus", "the museum": "zum Museum", "the university": "zur Universität",
             "the office": "ins Büro", "the cinema": "ins Kino", "the harbour": "zum Hafen", "the nearest pharmacy": "zur nächsten Apotheke"}  # fmt: skip
    return known.get(place, place)


def why(situation: Situation) -> str:
    if situation.asked_to_stop:
        return "Weil Sie mich gebeten haben anzuhalten."
    if situation.light == "red":
        return "Weil die Ampel rot ist."
    if situation.light == "yellow":
        return "Weil die Ampel auf Rot springt."
    if situation.lead is not None and situation.lead < 30.0:
        return f"Wegen des Verkehrs vor uns: {_lead(situation)}."
    return "Ich warte, bis der Weg frei ist." if situation.standing else "Ich fahre so, wie Straße und Tempolimit es erlauben."


def what(situation: Situation, words: str = "") -> str:
    if (side := side_asked(words)) is not None:
        return f"Was {'links' if side == 'left' else 'rechts'} ist, kann ich nicht sagen."
    seen = [_lead(situation)] if situation.lead is not None else []
    if situation.light != "none":
        seen.append(
            {"red": "eine rote Ampel", "yellow": "eine gelbe Ampel", "green": "eine grüne Ampel"}.get(situation.light, "eine Ampel")
        )
    empty = "Vor uns ist nichts im Weg." if situation.looks_ahead else "Was vor uns ist, kann ich nicht sagen."
    return f"Vor uns: {' und '.join(seen)}." if seen else empty


def speed(situation: Situation) -> str:
    return f"Wir fahren {to_kph(situation.speed):.0f} km/h."


def limit(situation: Situation) -> str:
    return "Das Tempolimit hier kenne ich nicht." if situation.limit is None else f"Erlaubt sind {to_kph(situation.limit):.0f} km/h."


def later(condition: Condition) -> str:
    if condition.kind == "minutes":
        number = condition.number or 1.0
        seconds = round(60.0 * number)
        if seconds % 60 and seconds < 120:
            return f"Das mache ich in {seconds} {'Sekunde' if seconds == 1 else 'Sekunden'}."
        return f"Das mache ich in {_decimal(number)} {'Minute' if number == 1.0 else 'Minuten'}."
    return f"Das mache ich, {WHEN[condition.kind]}."


def refused(reason: str) -> str:
    told_why = reason_in(reason, _REASONS)
    return f"Das geht nicht: {told_why}." if told_why else "Das geht gerade nicht."


def _lead(situation: Situation) -> str:
    return f"{KINDS.get(situation.lead_kind, 'etwas')} in {situation.lead or 0.0:.0f} Metern"


def _verb(tool: Tool) -> str:
    return "sind" if tool.name in PLURAL else "ist"


def _object(tool: Tool) -> str:
    return str(GERMAN.phrases["tools"][tool.name]["nouns"][0])


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _decimal(number: float) -> str:
    return f"{number:g}".replace(".", ",")


def _named(english: str) -> str:
    """A tool's noun, from its English one."""
    return next((noun(tool) for tool in TOOLS.values() if tool.noun == english), "das")


def _reason(pattern: str, say: str) -> Reason:
    return re.compile(pattern), lambda match: _capital(
        say.format(*(_named(part) if part.startswith(("the ", "charging")) else part for part in match.groups()))
    )


_REASONS: list[Reason] = [
    _reason(r"a stop holds until .+", "Ein Halt gilt, bis jemand „fahr weiter“ sagt"),
    _reason(
        r".+ (?:is|are) open; close it first, .+", "Eine Tür oder Klappe ist offen; schließen Sie sie und sagen Sie dann „fahr weiter“"
    ),
    _reason(r"people get out where we are parked .+", "Aussteigen geht nur geparkt oder nach einem Halt, um den jemand gebeten hat"),
    _reason(r"the way and the manner of driving are for those in front", "Wohin und wie wir fahren, bestimmen die Personen vorne"),
    _reason(r"(.+) (?:is|are) for those in front", "{0}: Das ist den Personen vorne vorbehalten"),
    _reason(r"the window lock is engaged", "Die Fenstersperre ist aktiv"),
    _reason(r"(.+) (?:is|are) only moved while we stand", "{0}: nur im Stand"),
    _reason(r"the doors stay locked while we drive", "Während der Fahrt bleiben die Türen verriegelt"),
    _reason(r"it is dark, and we drive", "Es ist dunkel, und wir fahren"),
    _reason(r"the driver is driving", "Der Fahrer fährt gerade"),
    _reason(r"a belt holds nobody beyond (\d+) degrees on the move", "Während der Fahrt hält der Gurt jenseits von {0} Grad niemanden"),
    _reason(r"no charging cable is connected", "Es ist kein Ladekabel angeschlossen"),
    _reason(r"more than (\d+) requests in (\d+) s", "Das waren mehr als {0} Bitten in {1} Sekunden"),
    _reason(r"(\d+) is more than the (\d+) km/h allowed here", "{0} km/h sind zu schnell, hier sind {1} erlaubt"),
    _reason(r"(.+) got (-?[\d.]+); expected (-?[\d.]+) to (-?[\d.]+) .+", "{0}: {1} liegt außerhalb von {2} bis {3}"),
    _reason(r"I already wait for (\d+) things", "Ich warte schon auf {0} Dinge"),
]
