"""Tools for media, guidance, screens, the telephone and charging. VSS has no telephone: those signals are an overlay."""

from caravela.cockpit.tool import Form, Tool

_MEDIA = "Vehicle.Cabin.Infotainment.Media"
_NAVIGATION = "Vehicle.Cabin.Infotainment.Navigation"
_SCREEN = "Vehicle.Cabin.Infotainment.HMI"
_PHONE = "Vehicle.Cabin.Infotainment.Phone"
_BATTERY = "Vehicle.Powertrain.TractionBattery"
_LEVEL, _SWITCH, _CHOICE, _TEXT, _ACT, _ASK = Form.LEVEL, Form.SWITCH, Form.CHOICE, Form.TEXT, Form.ACT, Form.ASK

TOOLS = (
    Tool("media.volume", "the volume", f"{_MEDIA}.Volume", _LEVEL, start=30.0, on=30.0),
    Tool("media.playback", "the music", f"{_MEDIA}.Action", _SWITCH, start="STOP", on="PLAY", off="STOP", states=("playing", "stopped")),
    Tool("media.next", "the next track", f"{_MEDIA}.Action", _ACT, start="STOP", on="SKIP_FORWARD"),
    Tool("media.previous", "the previous track", f"{_MEDIA}.Action", _ACT, start="STOP", on="SKIP_BACKWARD"),
    Tool("media.play", "the music", f"{_MEDIA}.SelectedURI", _TEXT),
    Tool(
        "media.source",
        "the audio source",
        f"{_MEDIA}.Played.Source",
        _CHOICE,
        start="FM",
        choices=("FM", "AM", "DAB", "BLUETOOTH", "USB", "AUX", "CD"),
    ),
    Tool("media.now_playing", "what is playing", f"{_MEDIA}.Played.Track", _ASK),
    Tool("navigation.voice", "the guidance voice", f"{_NAVIGATION}.Mute", _SWITCH, start="UNMUTED", on="UNMUTED", off="MUTED"),
    Tool("navigation.volume", "the guidance volume", f"{_NAVIGATION}.Volume", _LEVEL, start=40.0, on=40.0),
    Tool(
        "navigation.arrival",
        "the time to the destination",
        "Vehicle.Cabin.Infotainment.Navigation.TimeRemaining",
        _ASK,
        high=1e6,
        unit="min",
        start=0.0,
        overlay=True,
    ),
    Tool("screen.brightness", "the screen's brightness", f"{_SCREEN}.Brightness", _LEVEL, step=20.0, start=60.0),
    Tool("screen.mode", "the screen's mode", f"{_SCREEN}.DayNightMode", _CHOICE, start="DAY", choices=("DAY", "NIGHT")),
    Tool(
        "screen.language",
        "the language",
        f"{_SCREEN}.CurrentLanguage",
        _CHOICE,
        start="English",
        choices=("English", "German", "Chinese", "French", "Spanish"),
    ),
    Tool(
        "screen.text_size", "the text size", f"{_SCREEN}.FontSize", _CHOICE, start="STANDARD", choices=("STANDARD", "LARGE", "EXTRA_LARGE")
    ),
    Tool("screen.temperature_unit", "the unit of temperature", f"{_SCREEN}.TemperatureUnit", _CHOICE, start="C", choices=("C", "F")),
    Tool(
        "screen.distance_unit",
        "the unit of distance",
        f"{_SCREEN}.DistanceUnit",
        _CHOICE,
        start="KILOMETERS",
        choices=("MILES", "KILOMETERS"),
    ),
    Tool("screen.time_format", "the clock", f"{_SCREEN}.TimeFormat", _CHOICE, start="HR_24", choices=("HR_12", "HR_24")),
    Tool("phone.call", "the call", f"{_PHONE}.Calling", _TEXT, overlay=True),
    Tool("phone.answer", "the call", f"{_PHONE}.Action", _ACT, start="NONE", on="ANSWER", overlay=True),
    Tool("phone.decline", "the call", f"{_PHONE}.Action", _ACT, start="NONE", on="DECLINE", overlay=True),
    Tool("phone.hang_up", "the call", f"{_PHONE}.Action", _ACT, start="NONE", on="HANG_UP", overlay=True),
    Tool(
        "phone.microphone",
        "the microphone",
        f"{_PHONE}.IsMicrophoneMuted",
        _SWITCH,
        start=False,
        on=True,
        off=False,
        states=("muted", "live"),
        overlay=True,
    ),
    Tool(
        "phone.projection",
        "the phone's screen",
        "Vehicle.Cabin.Infotainment.SmartphoneProjection.Active",
        _SWITCH,
        start="INACTIVE",
        on="ACTIVE",
        off="INACTIVE",
    ),
    Tool(
        "charging.session",
        "charging",
        f"{_BATTERY}.Charging.StartStopCharging",
        _SWITCH,
        start="STOP",
        on="START",
        off="STOP",
        standstill=True,
    ),
    Tool("charging.limit", "the charge limit", f"{_BATTERY}.Charging.ChargeLimit", _LEVEL, low=50.0, start=80.0),
    Tool(
        "charging.flap",
        "the charging flap",
        f"{_BATTERY}.Charging.ChargingPort.AnyPosition.IsFlapOpen",
        _SWITCH,
        states=("open", "closed"),
        standstill=True,
    ),
    Tool(
        "charging.cable_lock",
        "the charging cable",
        f"{_BATTERY}.Charging.ChargingPort.AnyPosition.IsChargingCableLocked",
        _SWITCH,
        states=("locked", "released"),
    ),
    Tool("charging.level", "the battery level", f"{_BATTERY}.StateOfCharge.Current", _ASK, unit="percent", start=62.0),
    Tool("charging.range", "the range", f"{_BATTERY}.Range", _ASK, high=1e7, unit="m", start=240_000.0),
    Tool("charging.time_left", "the time to full charge", f"{_BATTERY}.Charging.TimeToComplete", _ASK, high=1e6, unit="s", start=2400.0),
)
