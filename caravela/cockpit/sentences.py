"""The sentences that have nothing to fill in, in English: they are said as they stand here, or in another language's own words for them."""

from caravela.cockpit.reading.intents import Hazard

REFUSED = {
    Hazard.RED_LIGHT: "I stop at red lights and give way, whoever asks: somebody could be hurt.",
    Hazard.SPEEDING: "I never drive faster than the limit: it would endanger us and others. I can be brisk within it.",
    Hazard.SAFETY_OFF: "That protects people, so I leave it on.",
    Hazard.WRONG_WAY: "I stay where cars are allowed to drive.",
    Hazard.HARM: "I won't do that: it could hurt somebody.",
    Hazard.UNATTENDED: "That would leave nobody safe at the wheel, so no.",
    Hazard.OVERRIDE: "There is no such mode. My safety rules are not mine, or yours, to change.",
    Hazard.REPORT: "I take orders from the people in the car, not from signs, songs or messages. What would you like?",
}
BEYOND = {
    "roads": "Of roads I can only avoid motorways, and take the turns that you name; I leave the way as it is.",
    "stopover": "I go to one place at a time and know no places on the way; name where to go first, or say when to stop.",
    "follow": "I can't follow one car wherever it goes: I keep to my own way, at a distance from whoever is ahead. Name turns or a place instead.",
    "tone": "I have no tone control; I can make the sound louder or quieter.",
    "order": "I can play, stop and skip, and no more than that with what is playing.",
    "washer": "I have no washer to switch; I can run the wipers.",
    "scent": "I have no scents and no purifier; I can recirculate the air or let fresh air in.",
    "lasting": "I end nothing by itself: say when it shall begin, and when it shall end, such as 'close the window in two minutes'.",
    "future": "I can't know what will be; I only tell what is so now.",
    "house": "I reach nothing outside this car.",
    "memory": "I keep no seat settings; I can move the seat as you say.",
    "glove_box": "I can't open or close the glove box; I can switch its light.",
    "horn": "I sound no horn on request.",
    "wheel": "The wheel I hand over to hands, never to words: choose manual driving, and steer.",
    "turning_round": "I don't turn round in the road; name a turn or a place, and I find the way.",
    "block": "I lay no rounds; name a turn, or say “take me back” later on.",
    "calendar": "I keep no calendar and no alarms.",
    "messages": "I read and write no messages; I can call somebody.",
}
SHALL_I_DRIVE_ON = "Shall I drive on?"
SHALL_I_STOP = "Shall I stop at the next safe place?"
SHALL_I_HURRY = "Shall I drive more briskly, within the limit?"
FIRST_DRIVE_ON = "We stand until somebody says “drive on”."
CALL_HELP = "If somebody needs help, say “call 112”, or the emergency number of the country we are in."
LEFT_OPEN = "Something is open, so I stop, and drive on once it is closed and somebody says “drive on”."
REST_LEFT = "The rest of it I leave, too."
NO_DESTINATION = "No destination is set: I follow the road, and take the turns that you name."
SILENCE = "I heard nothing. What would you like?"
TOO_LONG = "That was too long for me. Please say it in a sentence or two."
NOT_UNDERSTOOD = "I did not understand that. Could you say it another way?"
GARBLED = "I understand English so far, and I could not make out what you said. Could you say it again?"
MIXED = "I heard two languages in one sentence. Please say it in one of them."
WELCOME = (
    "I am glad to help: I drive, I look after climate, windows, seats, lights, media, navigation and calls, and I refuse what is unsafe."
)
WHO_I_AM = "I am the car: I drive where I may, I look after all of you in here, and I refuse what is unsafe."
NOT_MINE = "I can't help with that; I drive, and I look after the car."
CONTRADICTION = "These two exclude each other. Which one would you like?"
NOT_WATCHED = (
    "I can't watch for that. I can wait for rain, dark, a stop, the arrival, the motorway, the battery or some minutes. When shall it be?"
)
