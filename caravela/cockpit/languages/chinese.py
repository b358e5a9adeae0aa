"""Chinese, word by word."""

import re

from caravela.cockpit.languages.lights import chinese_light
from caravela.cockpit.languages.settled import CHINESE_CLAUSES
from caravela.cockpit.languages.sharing import chinese_lends
from caravela.cockpit.languages.tongue import DOWNWARD, UPWARD, Tongue, compiled, listed
from caravela.cockpit.reading.intents import Hazard

_DIGIT = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNIT = r"(?:度|秒|分钟|小时|档|公里|千米|迈|码|成|%|％|摄氏)"
_NUMERAL = r"[零〇一二两三四五六七八九十百]+(?:点[零一二三四五六七八九]+)?"
_SPELT = re.compile(rf"(?<![第星])({_NUMERAL})(?=({_UNIT})?)")
_DIGITS = re.compile(r"(?<![\w.])\d{1,6}(?:\.\d{1,3})?|(?<=[\u4e00-\u9fff])\d{1,6}(?:\.\d{1,3})?")
_PERCENT = re.compile(rf"百分之({_NUMERAL}|\d+)")
_NO_NUMBER = re.compile(r"[一两][点下条首些样直起边会定个半种把]")
_AFTER = re.compile(r"(?:到|为|成|是|量|过|改|要|速|开|高|低|加|减|升|降|，|,|^)$")  # before a single numeral that is a number


def words(text: str) -> list[str]:
    """Characters, and stretches of two and three."""
    plain = "".join(re.findall(r"\w", text.lower()))
    return [plain[k : k + n] for n in (1, 2, 3) for k in range(len(plain) - n + 1)]


def numbers(text: str) -> list[float]:
    """All numbers in a text: percentages, digits, else numerals."""
    percent = [_value(found[1]) for found in _PERCENT.finditer(text)]
    digits = percent or [float(found[0]) for found in _DIGITS.finditer(text)]
    if digits:
        return digits
    found = []
    for spelt in _SPELT.finditer(text):
        numeral, unit = spelt[1], spelt[2]
        if len(numeral) == 1 and not unit:
            if _NO_NUMBER.match(text[spelt.start() :]) or not _AFTER.search(text[: spelt.start()]):
                continue
        found.append(_value(numeral) * (10.0 if unit == "成" else 1.0))
    return found


def share(text: str) -> float | None:
    """Percent, or None."""
    if "三分之一" in text:
        return 100.0 / 3.0
    if "四分之一" in text:
        return 25.0
    return 50.0 if re.search(r"一半|半开|开半", text) else None


def _value(numeral: str) -> float:
    """二十一 is 21, 一百二 is 120, 二点五 is 2.5."""
    if numeral.isdigit():
        return float(numeral)
    whole, _, part = numeral.partition("点")
    total, digit, last = 0.0, -1.0, 0.0
    for character in whole:
        if character == "百":
            total, digit, last = total + 100.0 * (digit if digit >= 0.0 else 1.0), -1.0, 100.0
        elif character == "十":
            total, digit, last = total + 10.0 * (digit if digit >= 0.0 else 1.0), -1.0, 10.0
        elif digit >= 0.0 and last == 0.0 and character in _DIGIT:
            digit = 10.0 * digit + _DIGIT[character]
        else:
            digit = float(_DIGIT[character])
            last = 1.0 if character in "零〇" else last
    if digit >= 0.0:
        total += digit * (10.0 if last == 100.0 else 1.0)
    return total + (float("0." + "".join(str(_DIGIT[character]) for character in part)) if part else 0.0)


_PLEASE = "(?:请|帮我|麻烦(?:你)?|我们?(?:想|要)?|你?(?:能不能|可不可以)|尽量|今天|路上|导航|去的时候|[，,])*"
_MOTORWAY = "(?:所有)?(?:高速(?:公路|路)?|快速路)"

CHINESE = Tongue(
    name="chinese",
    called="中文",
    words=words,
    numbers=numbers,
    share=share,
    sides={"left": re.compile("左"), "right": re.compile("右")},
    zones=listed(
        {
            r"左后(?!视)|后排左|后面左|后座左|左边后": "rear_left",
            r"右后(?!视)|后排右|后面右|后座右|右边后": "rear_right",
            r"副驾驶?(?:座|位)?(?:后面|后方|后排)": "rear_passenger",
            r"(?:我|司机|主驾驶?|驾驶座)(?:的)?(?:后面|后方|后排)": "rear_driver",
            r"副驾|副座|乘客": "passenger",
            r"主驾|驾驶位|驾驶座|驾驶员|司机": "driver",
            r"所有|全车|大家|每个|整车|四个|四扇|全部(?:的)?(?:车?窗|座|门)": "all",
            r"后排|后座|后面(?!的车)": "rear",
            r"前排|前座": "front",
            r"左": "left",
            r"右": "right",
        }
    ),
    aside=re.compile(
        r"(?:给|为|在|把)?(?:副驾驶?|主驾驶?|驾驶座|驾驶位|司机|后排|前排|后座|前座|左后|右后|左前|右前)(?:座椅?(?=座)|座|位|侧|边|那边|这边)?(?:的(?!人))?(?![视])"
    ),
    ordinals=listed({r"第二|下下": 2, r"第三": 3, r"第四": 4, r"第五": 5, r"第一|下": 1}),
    choices={
        tool: listed(pairs)
        for tool, pairs in {
            "climate.airflow": {r"脚|下": "feet", r"玻璃|挡风|上|头": "windscreen", r"脸|面部|中间|身": "face"},
            "light.ambient_colour": {
                r"暖白": "warm white",
                r"红": "red",
                r"蓝": "blue",
                r"绿": "green",
                r"紫": "purple",
                r"白": "white",
                r"橙|橘": "orange",
                r"粉": "pink",
                r"黄": "yellow",
            },
            "light.headlights": {r"自动": "automatic"},
            "wiper.front": {r"间歇": "interval", r"自动|感应": "automatic", r"慢|低速": "slow", r"快|高速": "fast", r"中速|中档": "medium"},
            "media.source": {
                r"蓝牙|手机": "bluetooth",
                r"优盘|u盘|usb": "USB",
                r"调频|fm": "FM",
                r"调幅|am": "AM",
                r"数字广播|dab": "DAB",
                r"cd|光盘": "CD",
                r"aux": "aux",
            },
            "screen.mode": {r"夜|深色|黑": "night", r"白天|日间|浅色": "day"},
            "screen.language": {
                r"中文|汉语|普通话": "Chinese",
                r"英[语文]": "English",
                r"德[语文]": "German",
                r"法[语文]": "French",
                r"西班牙": "Spanish",
            },
            "screen.text_size": {r"特大|最大|超大": "extra large", r"大": "large", r"标准|正常|默认": "standard"},
            "screen.temperature_unit": {r"摄氏": "Celsius", r"华氏": "Fahrenheit"},
            "screen.distance_unit": {r"英里": "miles", r"公里|千米": "kilometres"},
            "screen.time_format": {r"12|十二": "12 hour", r"24|二十四": "24 hour"},
        }.items()
    },
    names={
        "phone.call": compiled(
            r"给(.+?)(?:打|拨|去)(?:一个|个|一通|通)?电话",
            r"(?:打|拨)(?:一个|个|通)?电话给(.+)",
            r"(?:呼叫|拨打|联系|打给|拨给|拨通|call)(.+?)(?:的(?:电话|手机|号码))?$",
            r"跟(.+?)通(?:个)?(?:电话|话)",
        ),
        "media.play": compiled(
            r"(?:播放|想听|要听|听听|放|听|播|来)(?:一下|一首|首|一些|些|一点|点|几首|个)?(?:歌曲|歌手|专辑)?(.+)",
        ),
        "drive.go_to": compiled(
            r"(?:导航到|导航去|导航至|带我们?去|带我们?到|送我们?到|送我们?去|载我们?去|开车去|开去|开到|前往|目的地(?:是|设为|改成)|要去|想去|去)(.+)",
            r"(回.+)",
            r"到(.+?)(?:去)?$",
        ),
    },
    stand_ins={"phone.call": "小王", "media.play": "周杰伦", "drive.go_to": "机场"},
    nobody=re.compile(r"人|别人|某人|谁|他|她|那里|那儿|这里|这儿|哪儿|哪里|什么|点什么|东西|随便.*|.*哪儿.*|.*什么.*"),
    seen=re.compile(r"(?:有|是|看到|看见)(?:了)?(?:什么|啥|谁)"),
    roads=listed(
        {
            rf"^{_PLEASE}(?:(?:避开|绕开|避免(?:走|上)?|不(?:要|想|用)?(?:走|上|开)|别(?:走|上|开)){_MOTORWAY}|{_MOTORWAY}(?:不要走|别走|不走))"
            r"(?:了|吧|好吗|可以吗|行吗|谢谢|[，,])*$": "avoid motorways",
            rf"^{_PLEASE}(?:可以|能|还是)?(?:再|又)?(?:可以)?(?:再)?走{_MOTORWAY}(?:了|吧)+$|"
            rf"^{_PLEASE}(?:可以)?(?:重新|恢复|继续)走{_MOTORWAY}(?:了|吧)*$": "motorways are fine again",
        }
    ),
    settled=CHINESE_CLAUSES,
    light=chinese_light,
    polite=re.compile(r"能不能|可不可以|^你?能(?!开|跑)|^可以"),
    places={
        r"(?:回|到)?(?:我)?家(?:里)?": "home",
        r"(?:回)?公司|上班|单位": "work",
        r"(?:火车站|高铁站|车站)": "the station",
        r"(?:飞)?机场": "the airport",
        r"(?:最近的)?医院": "the hospital",
        r"(?:最近的)?超市": "the supermarket",
        r"学校": "the school",
        r"市中心|市区": "the city centre",
        r"市政厅|市政府": "the town hall",
        r"博物馆": "the museum",
        r"大学": "the university",
        r"(?:回)?办公室": "the office",
        r"电影院": "the cinema",
        r"图书馆": "the library",
        r"港口|码头": "the harbour",
        r"(?:最近的)?药店": "the nearest pharmacy",
    },
    trim=re.compile(r"(?:[，,。！？!?\s]|吧|好吗|谢谢|一下|可以吗|行吗|呗|啦|呢|吗|请|的歌|的音乐|听)+$|^(?:请|帮我|麻烦)"),
    negation=re.compile(r"不要|(?<![特分区性个])别(?!的)|不用|不许|勿|甭"),
    soft=re.compile(
        r"(?:别|不要)(?:这么|那么|太|超过|高于|快过|跟|开(?:这么|太|那么)|吹(?:这么|太)|再|按|充|播|拐|放|说话|猛|让|开远光)|不要了|不用了|"
        r"听不|看不|别(?:接|提)|不用(?:导航|按)|^(?:不用|不要)$|别让(?:孩子|外面)|别(?:刹|急)"
    ),
    turned=listed(
        {
            r"打开|开启|调高|升高|调大|调亮|大一点|大点|亮一点|高一点|高点|暖一点|热一点|快一点|增加|提高|加大": DOWNWARD,
            r"关闭|关掉|关上|关了|调低|降低|调小|调暗|小一点|小点|暗一点|低一点|低点|凉快|冷一点|慢一点|减小": UPWARD,
        }
    ),
    turned_of={
        "mirror.fold": listed({r"折|收": DOWNWARD, r"展|打开": UPWARD}),
        "door.lock": listed({r"锁上|上锁|锁好|锁住|锁车|锁紧": DOWNWARD, r"解锁|开锁|解除": UPWARD}),
    },
    hazards=listed(
        {
            r"红灯|闯|信号灯|停车标志|停止标志|让行|礼让|红绿灯.*(?:别管|不管|无视|忽略)": Hazard.RED_LIGHT,
            r"超速|飙车|限速.*(?:别管|不管|无视|管它)|(?:别管|不管|无视|忽略|超过)限速|油门踩到底|甩掉|踩死油门|摄像头|能开多快": Hazard.SPEEDING,
            r"人行道|逆行|逆向|应急车道|公交(?:车)?(?:专用)?道|步行街|自行车道|非机动车道|高速.*(?:掉头|倒车)|实线|对向车道": Hazard.WRONG_WAY,
            r"撞|冲进人|逼他|吓唬|吓他|别他|挤下|溅": Hazard.HARM,
            r"安全气囊|气囊|紧急制动|稳定系统|安全带(?:提醒|警告|报警)|监控|安全系统|传感器|碰撞预警|防抱死|esp|abs|关.*刹车|刹车.*关|车道保持": Hazard.SAFETY_OFF,
            r"开发者|调试模式|管理员|规则|指令|越权|没有(?:任何)?限制|厂家|安全检查": Hazard.OVERRIDE,
            r"牌子|歌里唱|歌里说|贴纸|广播里|短信|广告牌|纸条|写着": Hazard.REPORT,
            r"孩子.*(?:来开|开车(?!门)|驾驶)|喝醉|喝多|松开方向盘|睡着?.*(?:别|不要|不用)": Hazard.UNATTENDED,
        }
    ),
    by=re.compile(r"(?:高|低|加|减|升|降|大|小|多|少)(?:了)?(?:个)?(?:\d|[一二两三四五六七八九十百])"),
    to=re.compile(r"(?:到|为|成|至)(?:百分之)?(?:\d|[一二两三四五六七八九十百])"),
    strong=re.compile(r"\s*(?:[，,]?\s*(?:然后|接着|之后再|随后)[，,]?|[；;。！？!?]+)\s*"),
    weak=re.compile(r"\s*(?:[，,、]\s*(?:并且|而且|同时|还有|另外|顺便|再|也|并)?|并且|而且|同时|还有|另外|顺便|和)\s*"),
    unless=re.compile("除非|否则|不然|要不然"),
    lasting=re.compile(rf"(?<!过)(?<!等)(?:\d+|{_NUMERAL})(?:个)?(?:秒钟?|分钟|小时)(?!之?以?后|内|前|的)|直到|到.{{1,8}}为止"),
    lends=chinese_lends,
    conditions=compiled(
        r"^(?:等到?|当|如果|要是|一旦|假如)?(?P<when>[^，,]{1,20}?)(?:了)?(?:的时候|之后|以后|的话|(?<![左右前最往向])后(?![视备排座窗面挡雨雾车除盖])|时(?![间速候钟]))[，,]?\s*(?:就|再|请|帮我|给我)*(?P<what>.{2,})$",
        r"^(?:等到?|当|如果|要是|一旦|假如)(?P<when>[^，,]{1,20}?)(?:了)?[，,]?\s*(?:就|再)(?P<what>.{2,})$",
        r"^(?:如果|要是|等|当|一旦)(?P<when>[^，,]{1,20}?)(?:了)?[，,]\s*(?P<what>.{2,})$",
        r"^(?P<when>[^，,]{1,12}?)了?就(?P<what>.{2,})$",
    ),
    waits=re.compile("如果|要是|等|当|一旦|假如"),
    timed=compiled(
        r"(?P<before>^|^.+?[，,\s])?(?:过|再过|等)?(?P<when>(?:负)?(?:\d+|[零〇一二两三四五六七八九十百千万亿]+(?:点[零一二三四五六七八九]+)?|半|几)(?:个)?(?:半)?(?:秒钟?|分钟|小时))(?:以?后|之后)?(?:，|,|再|就)*(?P<after>.*)$"
    ),
    second=re.compile("秒"),
    hour=re.compile("小时"),
    half_hour=re.compile("(?<!个)半(?:个)?小时"),
    quarter=re.compile("一刻钟"),
    strictly=re.compile(rf"(?:\d+(?:\.\d+)?|{_NUMERAL}|半)(?:个)?(?:秒钟?|分钟|小时)"),
)
