"""The car's replies in Chinese."""

import re

from caravela.cockpit.acting.gate import Verdict
from caravela.cockpit.languages.chinese import CHINESE
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

UNITS = {"Celsius": "度", "degrees": "度", "mm": "毫米", "min": "分钟"}
STATES = {
    ("on", "off"): ("已打开", "已关闭"),
    ("open", "closed"): ("已打开", "已关闭"),
    ("engaged", "released"): ("已启用", "已解除"),
    ("locked", "unlocked"): ("已上锁", "已解锁"),
    ("folded", "unfolded"): ("已折叠", "已展开"),
    ("playing", "stopped"): ("正在播放", "已停止"),
    ("muted", "live"): ("已静音", "已打开"),
    ("locked", "released"): ("已锁住", "已松开"),
}
CHOICES = {
    "UP": "吹挡风玻璃", "MIDDLE": "吹面部", "DOWN": "吹脚", "red": "红色", "orange": "橙色", "yellow": "黄色", "green": "绿色", "blue": "蓝色",
    "purple": "紫色", "pink": "粉色", "white": "白色", "warm white": "暖白色", "OFF": "关闭", "POSITION": "示宽灯", "AUTO": "自动", "BEAM": "打开",
    "INTERVAL": "间歇", "RAIN_SENSOR": "自动", "SLOW": "慢速", "MEDIUM": "中速", "FAST": "高速", "FM": "调频广播", "AM": "调幅广播",
    "DAB": "数字广播", "BLUETOOTH": "蓝牙", "USB": "优盘", "DAY": "白天模式", "NIGHT": "夜间模式", "German": "德语", "English": "英语",
    "Chinese": "中文", "French": "法语", "Spanish": "西班牙语", "STANDARD": "标准", "LARGE": "大号", "EXTRA_LARGE": "特大号", "C": "摄氏度",
    "F": "华氏度", "MILES": "英里", "KILOMETERS": "公里", "HR_12": "12小时制", "HR_24": "24小时制",
}  # fmt: skip
PLACES = {Place.DRIVER: "主驾", Place.PASSENGER: "副驾", Place.REAR_DRIVER: "主驾后排", Place.REAR_PASSENGER: "副驾后排"}
WHEN = {
    "leave_motorway": "等下了高速",
    "join_motorway": "等上了高速",
    "arrive": "等到了目的地",
    "arrived": "等到了目的地",
    "stopped": "等车停下",
    "parked": "等停好车或到了目的地（等红灯不算）",
    "moving": "等车开动",
    "rain": "等下雨时",
    "dry": "等雨停了",
    "dark": "等天黑了",
    "battery_low": "等电量不足时",
    "charged": "等充好电",
    "limit_above": "等到了限速更高的路段",
}
KINDS = {"vehicle": "车", "car": "车", "pedestrian": "行人", "cyclist": "骑车的人", "truck": "卡车"}
SIDES = {Side.LEFT: "左", Side.RIGHT: "右"}
FIXED = {
    "Shall I drive on?": "要继续开吗？",
    "Shall I stop at the next safe place?": "要在下一个安全的地方停车吗？",
    "Shall I drive more briskly, within the limit?": "要在限速之内开得利落些吗？",
    "If somebody needs help, say “call 112”, or the emergency number of the country we are in.": "如果有人需要帮助，请说“拨打112”，或所在国家的急救电话。",
    "Something is open, so I stop, and drive on once it is closed and somebody says “drive on”.": "有东西没关好，所以我停车；关好并有人说“继续开”之后我再走。",
    "I stop at red lights and give way, whoever asks: somebody could be hurt.": "不管谁要求，遇到红灯我都会停，也会让行，否则可能伤到人。",
    "I never drive faster than the limit: it would endanger us and others. I can be brisk within it.": "我不会超速，那样对我们和别人都危险。在限速之内我可以开得利落些。",
    "That protects people, so I leave it on.": "这是保护人的，所以我不会关。",
    "I stay where cars are allowed to drive.": "我只在允许汽车行驶的地方开。",
    "I won't do that: it could hurt somebody.": "我不会这么做，可能会伤到人。",
    "That would leave nobody safe at the wheel, so no.": "那样就没有人能安全地掌控车辆，所以不行。",
    "There is no such mode. My safety rules are not mine, or yours, to change.": "没有这种模式。安全规则不是我或您能更改的。",
    "I take orders from the people in the car, not from signs, songs or messages. What would you like?": "我只听车里人的，不听牌子、歌曲或短信的。您想要什么？",
    "The rest of it I leave, too.": "其余的我也不做了。",
    "No destination is set: I follow the road, and take the turns that you name.": "没有设定目的地：我沿着路开，您说转弯我就转。",
    "I heard nothing. What would you like?": "我没有听到。您想要什么？",
    "That was too long for me. Please say it in a sentence or two.": "这句话太长了，请用一两句话说。",
    "I did not understand that. Could you say it another way?": "我没听懂，您能换个说法吗？",
    "I understand English so far, and I could not make out what you said. Could you say it again?": "我没听清，您能再说一遍吗？",
    "I am glad to help: I drive, I look after climate, windows, seats, lights, media, navigation and calls, and I refuse what is unsafe.": "很乐意帮忙："
    "我负责开车，也照管空调、车窗、座椅、车灯、媒体、导航和电话；不安全的事我会拒绝。",
    "We stand until somebody says “drive on”.": "有人说“继续开”之前，车一直停着。",
    "I am the car: I drive where I may, I look after all of you in here, and I refuse what is unsafe.": "我就是这辆车：能开的地方我来开，车里的各位我来照看，"
    "不安全的事我会拒绝。",
    "I heard two languages in one sentence. Please say it in one of them.": "这句话里有两种语言，请只用一种说。",
    "I can't help with that; I drive, and I look after the car.": "这个我帮不上忙，我只负责开车和照看车子。",
    "These two exclude each other. Which one would you like?": "这两样不能同时做，您要哪一样？",
    "I can't watch for that. I can wait for rain, dark, a stop, the arrival, the motorway, the battery or some minutes. When shall it be?": "这个我没法留意。"
    "我可以等下雨、天黑、停车、到达、上下高速、电量或几分钟之后。您要等到什么时候？",
    "All right, I leave that as it is.": "好的，保持原样。",
    "There is nothing that I could take back.": "没有可以撤销的操作。",
    "It is as it was before.": "已恢复原样。",
    "Which one do you mean? Please name its place.": "您指的是哪一个？请说出位置。",
    "Of what?": "您指的是哪一项？",
    "I forget what was to come.": "好的，之前约定的我都取消了。",
    "All right.": "好的。",
    "To what? I asked nothing.": "您指什么？我刚才没有提问。",
    "Yes.": "是的。",
    "No.": "没有。",
    "I stop all the same; say “drive on” when I shall go on.": "我还是会停车；要继续走时请说“继续开”。",
    "I make no offers here.": "我在这里不做推荐。",
    "I offer things again.": "好的，我会再给您建议。",
    "I won't offer that again.": "好的，我不会再提这个。",
    "All right, I don't.": "好的，那就不做。",
    "Gladly.": "好的，马上。",
    "That is for those in front to say.": "这要由前排的人决定。",
    "I leave that open.": "那我先不处理。",
    "The battery will not reach the destination. Shall I take us by a charger?": "电量不够开到目的地，要顺路去充电站吗？",
    "Somebody seems to be asleep. Shall I drive more gently and dim the light?": "好像有人睡着了，要我开稳一点并把灯调暗吗？",
    "Shall I drive more gently, with warmer light, so that everybody feels well?": "要我开稳一点，把灯光调暖，让大家舒服些吗？",
    "It rains in. Shall I close what is open?": "雨飘进来了，要我把开着的都关上吗？",
    "We come by a school and a child is in the back. Shall I lock the rear doors for children and go carefully?": "前面经过学校，后排有孩子。"
    "要我打开儿童锁并小心驾驶吗？",
    "The light stays red for a while. Shall I start a short massage?": "红灯还要等一会儿，要做个短按摩吗？",
    "I see something unusual ahead. Shall I go more carefully than usual for a while?": "前方有些异常，要我先格外小心地开一段吗？",
    "We are nearly there. Shall I look for a place to park?": "快到了，要我找个车位吗？",
    "We have arrived. Shall I stop the music and turn the cabin light on?": "到了，要我关掉音乐、打开车内灯吗？",
    "I have nothing to do. Shall I drive for the fleet until you need me?": "我现在没事做，在您需要我之前，要我去跑车队任务吗？",
}
LANGUAGE = "chinese"
NO_EXTRA = f"我在这里只懂英语；要说中文，请安装扩展包：{install_hint('languages')}。"


def noun(tool: Tool) -> str:
    """A tool's noun."""
    return str(CHINESE.phrases["tools"][tool.name]["nouns"][0])


def fixed(sentence: str) -> str:
    return FIXED.get(sentence, sentence)


def done(tool: Tool, call: Call, verdict: Verdict, places: tuple[Place, ...]) -> str:
    if tool.form is Form.ACT:
        return "好的。"
    value = verdict.changes[0].after
    if tool.name == "media.play":
        return f"好的，播放“{value}”。"
    if tool.name == "phone.call":
        return f"好的，正在呼叫“{value}”。"
    where = "" if not tool.places or len(places) == len(tool.places) else f"{'和'.join(PLACES[place] for place in places)}的"
    return f"好的，{where}{noun(tool)}{state(tool, value)}。"


def state(tool: Tool, value: Value) -> str:
    """A tool's state in words, after something was done."""
    if tool.form is Form.SWITCH:
        return STATES[tool.states][0 if is_on(tool, value) else 1]
    if isinstance(value, str):
        return f"已设为{choice_in(value, CHOICES)}" if value else "没有设置"
    number = value * tool.sign
    if tool.states == ("open", "closed"):
        share = share_open(tool, number)
        return "已关闭" if share == 0.0 else "已全部打开" if share == 100.0 else "已翘起" if share < 0.0 else f"已打开{share:.0f}%"
    return f"已调到{_amount(tool, number)}" if number or tool.low else "已关闭"


def told(tool: Tool, value: Value) -> str:
    if tool.name == "media.now_playing":
        return f"正在播放“{value}”。" if value else "现在没有播放。"
    if tool.name == "navigation.arrival" and not value:
        return "我不知道什么时候到。"
    if tool.name == "charging.range" and not isinstance(value, str):
        return f"还能开{value / 1000.0:.0f}公里。"
    if tool.name == "charging.time_left" and not isinstance(value, str):
        return f"还要充{value / 60.0:.0f}分钟。"
    if tool.form is Form.SWITCH:
        return f"{noun(tool)}{state(tool, value)}。"
    if isinstance(value, str):
        return f"{noun(tool)}是{choice_in(value, CHOICES)}。"
    return (
        f"{noun(tool)}{state(tool, value)}。"
        if tool.states == ("open", "closed")
        else f"{noun(tool)}是{_amount(tool, value * tool.sign)}。"
    )


def asking(missing: Missing) -> str:
    if missing.call is not None:
        tool = TOOLS[missing.call.tool]
        if missing.slot is Slot.NUMBER:
            return f"{noun(tool)}要调到多少？范围是{_amount(tool, tool.low)}到{_amount(tool, tool.high)}。"
        if missing.slot is Slot.CHOICE:
            return f"{noun(tool)}要哪一种？{'、'.join(choice_in(choice, CHOICES) for choice in tool.choices)}？"
        return "要打给谁？" if tool.name == "phone.call" else "想听什么？"
    return {Slot.SIDE: "左边还是右边？", Slot.NUMBER: "最高开到多少公里每小时？"}.get(missing.slot, "要去哪里？")


def reaches(tool: Tool, nearest: float) -> str:
    return f"{noun(tool)}的范围是{_amount(tool, tool.low)}到{_amount(tool, tool.high)}。要调到{_amount(tool, nearest)}吗？"


def either(first: str, second: str) -> str:
    return f"您是说{noun(TOOLS[first])}还是{noun(TOOLS[second])}？"


def wished(wish: Wish, situation: Situation) -> str:
    match wish:
        case TakeTurn(Side.STRAIGHT):
            return "好的，直行。"
        case TakeTurn(side, nth):
            return f"好的，道路允许时{SIDES[side]}转。" if nth == 1 else f"好的，在第{'一二三四五'[nth - 1]}个路口{SIDES[side]}转。"
        case GoTo(place):
            return f"好的，我们去{destination(place)}。"
        case DropRoute():
            return "路线已取消。"
        case KeepOffMotorways(over):
            return "可以再走高速公路了。" if over else "有别的路时，我避开高速公路。"
        case Drive(manner):
            return {
                Manner.PLAIN: "好的，正常驾驶。",
                Manner.GENTLE: "好的，我开稳一点。",
                Manner.BRISK: "好的，在限速内我开快一点。",
                Manner.FRUGAL: "好的，我省电驾驶。",
                Manner.CAREFUL: "好的，我小心驾驶。",
            }[manner]
        case CapSpeed(speed):
            return f"好的，我请求不超过每小时{to_kph(speed):.0f}公里。"
        case DropCap():
            return "好的，不再限定车速。"
        case PullOver(at_once=True):
            return "好的，我现在停车。"
        case PullOver():
            return "好的，我在下一个安全的地方停车。"
        case Park():
            return "好的，我找个车位。"
        case GoOn():
            return "好的，绿灯一亮就走。" if situation.light == "red" else "好的，继续行驶。"
        case Overtake():
            return "好的，在安全且允许时超车。"
        case ChangeLane(side):
            return f"好的，安全时变到{SIDES[side]}边车道。"
        case KeepDistance():
            return "好的，我加大车距。"


def destination(place: str) -> str:
    """A place that the request named, as one says it."""
    known = {"the nearest charging station": "最近的充电站", "home": "家里", "the start": "出发的地方", "work": "公司", "the station": "火车站", "the airport": "机场",
             "the hospital": "医院", "the supermarket": "超市", "the school": "学校", "the city centre": "市中心", "the town hall": "市政厅",
             "the museum": "博物馆", "the university": "大学", "the office": "办公室", "the cinema": "电影院", "the library": "图书馆",
             "the harbour": "港口", "the nearest pharmacy": "最近的药店"}  # fmt: skip
    return known.get(place, place)


def why(situation: Situation) -> str:
    if situation.asked_to_stop:
        return "因为您让我停车。"
    if situation.light == "red":
        return "因为是红灯。"
    if situation.light == "yellow":
        return "因为马上要变红灯了。"
    if situation.lead is not None and situation.lead < 30.0:
        return f"因为前方{_lead(situation)}。"
    return "我在等前方道路畅通。" if situation.standing else "我按道路情况和限速行驶。"


def what(situation: Situation, words: str = "") -> str:
    if (side := side_asked(words)) is not None:
        return f"{'左' if side == 'left' else '右'}边有什么，我看不清。"
    seen = [_lead(situation)] if situation.lead is not None else []
    if situation.light != "none":
        seen.append({"red": "红灯", "yellow": "黄灯", "green": "绿灯"}.get(situation.light, "信号灯"))
    empty = "前方没有障碍。" if situation.looks_ahead else "前方有什么，我看不清。"
    return f"前方：{'，'.join(seen)}。" if seen else empty


def speed(situation: Situation) -> str:
    return f"现在车速是每小时{to_kph(situation.speed):.0f}公里。"


def limit(situation: Situation) -> str:
    return "我不清楚这里的限速。" if situation.limit is None else f"这里限速每小时{to_kph(situation.limit):.0f}公里。"


def later(condition: Condition) -> str:
    if condition.kind == "minutes":
        seconds = round(60.0 * (condition.number or 1.0))
        return f"好的，{seconds}秒后我来做。" if seconds % 60 and seconds < 120 else f"好的，{condition.number or 1.0:g}分钟后我来做。"
    return f"好的，{WHEN[condition.kind]}我就做。"


def refused(reason: str) -> str:
    told_why = reason_in(reason, _REASONS)
    return f"这个不行：{told_why}。" if told_why else "现在不能这么做。"


def _lead(situation: Situation) -> str:
    return f"{situation.lead or 0.0:.0f}米处有{KINDS.get(situation.lead_kind, '障碍物')}"


def _amount(tool: Tool, number: float) -> str:
    return f"{number:g}{UNITS.get(tool.unit, '%' if tool.unit == 'percent' else tool.unit)}"


def _named(english: str) -> str:
    """A tool's noun, from its English one."""
    return next((noun(tool) for tool in TOOLS.values() if tool.noun == english), "这项")


def _reason(pattern: str, say: str) -> Reason:
    return re.compile(pattern), lambda match: say.format(
        *(_named(part) if part.startswith(("the ", "charging")) else part for part in match.groups())
    )


_REASONS: list[Reason] = [
    _reason(r"a stop holds until .+", "停车之后，要有人说“继续开”我才会走"),
    _reason(r".+ (?:is|are) open; close it first, .+", "有门没关好；请先关上，再说“继续开”"),
    _reason(r"people get out where we are parked .+", "只有停好车，或有人要求停车之后才能下车"),
    _reason(r"the way and the manner of driving are for those in front", "路线和驾驶方式由前排的人决定"),
    _reason(r"(.+) (?:is|are) for those in front", "{0}只能由前排的人操作"),
    _reason(r"the window lock is engaged", "车窗锁已启用"),
    _reason(r"(.+) (?:is|are) only moved while we stand", "{0}只能在停车时操作"),
    _reason(r"the doors stay locked while we drive", "行驶中车门保持上锁"),
    _reason(r"it is dark, and we drive", "天黑了，车还在行驶"),
    _reason(r"the driver is driving", "驾驶员正在开车"),
    _reason(r"a belt holds nobody beyond (\d+) degrees on the move", "行驶中靠背超过{0}度，安全带就起不了作用"),
    _reason(r"no charging cable is connected", "没有连接充电枪"),
    _reason(r"more than (\d+) requests in (\d+) s", "{1}秒内的要求超过了{0}个"),
    _reason(r"(\d+) is more than the (\d+) km/h allowed here", "{0}超过了这里{1}公里的限速"),
    _reason(r"(.+) got (-?[\d.]+); expected (-?[\d.]+) to (-?[\d.]+) .+", "{0}不能是{1}，范围是{2}到{3}"),
    _reason(r"I already wait for (\d+) things", "我已经在等{0}件事了"),
]
