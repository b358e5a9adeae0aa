"""Whole clauses in German and Chinese whose meaning words alone tell, as `reading.leaving` and `reading.dangers` have it in English: who takes leave, who
wants out, who needs a stop, and what would hurt somebody. To the reader "ich bin weg" is a neighbour of driving on."""

from caravela.cockpit.languages.tongue import listed

_I = r"(?:(?:also|so|ok|okay|gut|na|ja|entschuldigung|tut mir leid|hilfe|oh|bitte|vorsicht|achtung)[ ,]+)*"
_PLEASE = r"(?:(?:bitte|also|und|aber|kannst du|könntest du|können sie|könnten sie)[ ,]+)*"
_SOON = r"(?:gleich|bald|sofort|kurz|in (?:einer|\d+|zwei|drei|fünf|zehn) (?:minuten?|sekunden?|stunden?)|schnell|jetzt|dann|mal|eben|nur)"
_LIMB = r"(?:hand|hände|finger\w*|arm|arme|kopf|fuß|füße|beine?|haare?)"
_VEHICLE = r"(?:auto|wagen|laster|lastwagen|lkw|bus|vordermann|fahrzeug|ihn|transporter|motorrad|vorausfahrenden)"

GERMAN_CLAUSES = listed(
    {
        rf"^{_I}ich (?:steig\w*|geh\w*|will|möchte|muss|müsste) ?(?:(?:hier|jetzt|kurz|mal|dann|gern\w*|bitte) )*(?:aus|raus|aussteigen|hinaus)(?: hier| jetzt)?$|"
        rf"^{_I}ich muss (?:mich )?(?:gleich |jetzt )?(?:übergeben|kotzen|brechen|spucken|erbrechen)$|"
        rf"^{_I}ich glaube,? (?:ich|mir) .*\b(?:herzinfarkt|schlaganfall|übergeben)\b.*|"
        rf"^{_I}ich (?:habe|hab|bekomme|kriege) (?:gerade )?(?:einen (?:herzinfarkt|schlaganfall)|keine luft|(?:starke )?(?:brustschmerzen|schmerzen in der brust))$|"
        rf"^{_I}(?:mein herz|mir tut das herz|meine brust|mir tut die brust)(?: tut)? weh$|"
        rf"^{_I}(?:da|hier|dort|vor uns|vorne) (?:ist|sind|steht|läuft|sitzt|rennt|liegt|liegen) (?:ein kind|ein mensch|jemand|eine person|kinder) "
        r"auf (?:der|die) (?:straße|fahrbahn)$|"
        rf"^{_PLEASE}(?:halt|stopp|warte)\w*(?: \w+){{0,3}} bis .*": "drive.stop",
        rf"^{_I}ich bin (?:{_SOON} )*(?:weg|zurück|wieder (?:da|zurück|hier)|fort)$|^{_I}ich komme? (?:{_SOON} )*(?:zurück|wieder)$|^{_SOON} (?:zurück|wieder da)$|"
        rf"^{_I}ich (?:geh|gehe|muss|müsste|verschwinde)(?: {_SOON})*(?: (?:los|weg|gehen|auf (?:die )?(?:toilette|klo)|aufs klo|zur toilette))?$|"
        r"^(?:tschüs+|auf wiedersehen|bis (?:gleich|dann|später|bald|morgen)|(?:einen )?(?:moment|augenblick|sekunde)(?: mal| bitte)?|warte (?:kurz|mal)|los)$": "chat",
        rf"^{_PLEASE}(?:dreh\w*|kehr\w*|wende\w*)(?: sie)?(?: (?:bitte|wieder|hier|jetzt|sofort|mal))* um(?: bitte)?$|"
        rf"^{_PLEASE}wende\w*(?: sie)?(?: (?:bitte|hier|jetzt|mal))*$": "beyond turning_round",
        r"^(?:vorsicht|achtung|aufpassen|aufgepasst|obacht)(?: bitte)?$": "drive.careful",
        rf"^{_PLEASE}(?:fahr|geh|rück|bleib)\w* (?:(?:bitte|doch|etwas|ein bisschen|noch) )*(?:näher|dichter|enger)(?: (?:an|auf) .*\b{_VEHICLE}\b.*)?"
        r"(?: (?:ran|heran|auf|dran))?$|"
        rf"^{_PLEASE}(?:verringer|verkürz|reduzier|verklein|senk)\w* (?:den|unseren) (?:sicherheits)?abstand\b.*|"
        rf"^{_PLEASE}(?:(?:mach|halt)\w* (?:den abstand (?:kleiner|kürzer|geringer)|weniger abstand)|"
        r"(?:weniger|einen? (?:kleineren?|geringeren?|kürzeren?)) abstand)(?: bitte)?$|"
        rf"^(?=.*\b(?:zu|schlie\w+|hoch|zumachen)\b)(?=.*\b(?:fenster|türe?n?|dach|schiebedach|kofferraum|heckklappe)\b)"
        rf".*\b(?:auf|über|obwohl|auch wenn|trotz)\b .*\b{_LIMB}\b": "refuse.harm",
        rf"^{_PLEASE}überhol\w*(?: sie)?(?: (?:ihn|es|den|das|die|sie|auto|wagen|laster|lkw|bus|\w+))* rechts(?: vorbei)?(?: bitte)?$|"
        rf"^{_PLEASE}fahr\w*(?: \w+)* rechts (?:\w+ )*vorbei(?: bitte)?$": "refuse.wrong_way",
        r"^(?:bitte )?verrieg\w+ .*(?:türen?|auto|wagen)(?: bitte)?$|^(?:bitte )?sperr\w* .*(?:türen?|auto|wagen) (?:ab|zu)(?: bitte)?$": "door.lock on",
        r"^(?:bitte )?entrieg\w+ .*(?:türen?|auto|wagen)(?: bitte)?$": "door.lock off",
        r"^(?:bitte )?(?:stell|mach|setz|regel)\w* (?:(?:es|das|sie|bitte|mal|auf) )*(?:\d+(?:[.,]\d)?|[a-zäöüß]+) ?(?:grad|°)(?: celsius)?(?: ein)?(?: bitte)?$": (
            "climate.temperature set"
        ),
    }
)

_WO = "(?:我|我们)"
_JIU = "(?:马上|很快|一会儿?|待会儿?|等会儿?|先|就|去去|这就)"
_SHENTI = "(?:手指?|胳膊|手臂|头|脚|腿|尾巴)"
_QING = "(?:请|帮我)?"
_QIANCHE = "(?:前车|前面(?:的|那辆)?车|它|他)"

CHINESE_CLAUSES = listed(
    {
        rf"^{_WO}?(?:{_JIU}|要|得|想|去|上|该)*(?:一下|一趟|个|下)*(?:厕所|洗手间|卫生间|方便)(?:一下|了|吧)*$|"
        rf"^{_WO}(?:{_JIU}|要|得|该)*(?:走|回去|撤|离开)(?:了|啦)?$|^{_WO}?(?:{_JIU})*回来?(?:了|啦)?$|"
        r"^(?:拜拜|再见|回头见|稍等(?:一下)?|等我?(?:一下|一会儿?))$": "chat",
        rf"^{_WO}(?:要|想|得|现在|就)*(?:下车|出去)(?:了|啦)?$|"
        r"^(?:我|他|她)?(?:的)?(?:胸口?|心脏|心口)(?:很|好|有点|突然)?(?:疼|痛)(?:得厉害|死了)?(?:了)?$|"
        r"^(?:我|他|她)?(?:快要?|要|想|好像要?|可能)*(?:吐|呕吐)(?:了|啦)?$|"
        r"^(?:我|他|她)?(?:好像|可能|觉得|感觉)*(?:我)?(?:心脏病(?:发作|犯)|心梗|中风|喘不过气|不能呼吸)(?:了|来)?$|"
        r"^(?:小心[，,]?)?(?:前面|路上|马路上|前方)有(?:个|一个|几个)?(?:孩子|小孩|小孩子|人|行人)(?:躺着|站着|在跑)?$": "drive.stop",
        rf"^{_QING}(?:掉头|调头|掉个头|回头开|转回去)(?:吧|好吗)?$": "beyond turning_round",
        rf"^{_QING}(?:再)?(?:靠|贴|离|跟)(?:得|着)?{_QIANCHE}?(?:近|紧)(?:一?点|些)?(?:吧)?$|"
        rf"^{_QING}(?:再)?(?:靠近|贴近|贴紧|跟紧)(?:一?点)?{_QIANCHE}(?:一?点)?$|"
        rf"^{_QING}(?:把)?(?:缩小|缩短|减小|减少)(?:跟车)?(?:车距|距离|间距)$|"
        r"^(?:把)?(?:跟车)?(?:车距|距离|间距)(?:缩小|缩短|小|短|近)(?:一?点)?$|"
        rf"(?:窗|门|天窗|后备箱).*夹.*{_SHENTI}|{_SHENTI}.*(?:关|夹).*(?:窗|门)": "refuse.harm",
        rf"^{_QING}(?:从|在|走)?右(?:边|侧|面)?(?:超车|超过去|超过(?:它|他|那辆车|前车))$": "refuse.wrong_way",
        rf"^{_QING}(?:把)?(?:锁(?:上|好|住)?(?:车|所有)?门|(?:车|所有)?门(?:都)?锁(?:上|好|住|起来)?)$": "door.lock on",
        rf"^{_QING}(?:把)?(?:温度|空调)?(?:调|设|升|降|改|开)(?:高|低)?(?:到|成|为|至|在)(?:\d+(?:\.\d)?|[零一二两三四五六七八九十百点]+)度(?:吧)?$": (
            "climate.temperature set"
        ),
    }
)
