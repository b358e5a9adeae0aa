"""What people ask of what the car sees and does, by the kind of answer. Some phrasings are kept for the test: no head is trained on them."""

QUESTIONS: dict[str, tuple[str, ...]] = {
    "why": (
        "why did you stop", "why are you stopping", "why are we standing", "why are you braking", "why do you slow down", "why so slow",
        "what are you waiting for", "why don't we go", "what is the reason for braking", "why do we stand still", "what made you stop",
        "why are we not moving", "what keeps us", "explain why you slow down",
    ),
    "ahead": (
        "what do you see ahead", "what is in front of us", "what's ahead", "what do you see", "what is on the road", "who is in front of us",
        "is there anything ahead", "what is before us", "what do you see in front of the car", "tell me what is ahead",
        "what is there in front", "do you see something ahead",
    ),
    "left": (
        "what is on the left", "what do you see on the left", "what's on our left", "is there anything on the left", "who is on the left",
        "what is to the left of us", "is anything to our left", "what is on the left side", "do you see something on the left",
        "what is next to us on the left", "is somebody on the left", "what is left of the car",
    ),
    "right": (
        "what is on the right", "what do you see on the right", "what's on our right", "is there anything on the right", "who is on the right",
        "what is to the right of us", "is anything to our right", "what is on the right side", "do you see something on the right",
        "what is next to us on the right", "is somebody on the right", "what is right of the car",
    ),
    "light": (
        "what does the light say", "what colour is the light", "is the light red", "is the light green", "what does the traffic light show",
        "do you see the light", "which colour does the traffic light have", "is the traffic light red", "can you see the lights",
        "what is the light", "is it green", "is there a traffic light",
    ),
    "lead": (
        "how far is the car ahead", "how far away is the vehicle in front", "how close is the car in front of us", "is there a car ahead of us",
        "what is the distance to the car ahead", "how far is the car in front", "do we follow a car", "how much room is there to the car in front",
        "what distance do we keep", "how near is the vehicle ahead", "is a vehicle in front of us", "how many metres to the car ahead",
    ),
    "clear": (
        "is the road clear", "is the way free", "is the road ahead free", "is the way clear", "is the road free",
        "is anything in our way", "is something in the way", "is the road ahead clear", "is it clear ahead", "is the path free",
    ),
    "speed": (
        "how fast do you go", "how fast are we going", "what is our speed", "how fast are you driving", "at what speed do we drive",
        "what speed are we at", "how fast is the car", "tell me our speed", "how fast do we drive", "what is the speed", "are we fast",
        "how quick are we",
    ),
}  # fmt: skip
HELD_OUT: dict[str, tuple[str, ...]] = {
    "why": ("for what reason did we stop", "what are we stopping for", "how come you are braking", "what is holding us up"),
    "ahead": ("what can you see in front", "what is ahead of the car", "describe what lies ahead", "anything in front of us"),
    "left": ("what can you see to our left", "anything on the left", "which things are on the left side of us", "look to the left, what is there"),
    "right": (
        "what can you see to our right", "anything on the right", "which things are on the right side of us", "look to the right, what is there",
    ),
    "light": ("what is the traffic light showing", "tell me the colour of the light", "are the lights red", "how does the traffic light look"),
    "lead": ("how far off is the car in front", "how many metres away is the car ahead of us", "how near are we to the car in front",
             "what is the gap to the vehicle ahead"),
    "clear": ("is the street free", "is the road ahead of us clear", "does anything block the road", "is our way clear"),
    "speed": ("how fast are we", "what speed do you drive", "how fast does the car go", "tell me how fast we are going"),
}  # fmt: skip
