"""Rules on what may be answered, from signs in the words: who asks, about whom, one or many, and for what.

Every ruling carries its evidence. Precedence: urgent danger over all, then attempts to override the rules, then
a parent's or carer's own child, SEND outside the cohort, one child; else the question may be answered.
"""

import re

from assistant.domain import Message, Reason, Verdict
from assistant.scope.privacy import REMOVED, lone_names


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_CHILD = r"(?:child|pupil|student|boy|girl|lad|lass(?:ie)?|kid|bairn|wean|wee\s+(?:one|yin|boy|girl)|youngster|young\s+(?:person|man|lady)|teen(?:ager)?|toddler|baby|infant|sibling|twins?|learner|little\s+(?:one|boy|girl)|daughter|son|niece|nephew|grandson|granddaughter|grandchild)"
_YEAR = r"(?:y(?:ea)?r\s?-?\d{1,2}|y\d{1,2}|p[1-7]|s[1-6]|reception|nursery)"
_PERSONAL = r"(?:he|she|him|her|his|hers|he'?s|she'?s|shes|hes)"

# Danger to someone now or soon, or a disclosure. Whether it is an event or a topic is decided below.
_DANGER = _any(
    r"\bself[\s-]?harm",
    r"\bsuicid",
    r"\bwants?\s+to\s+die\b|\bwish\w*\s+(?:i|he|she)\s+(?:was|were)\s+dead|\bhang(?:ed|ing)\b|\bnoose\b",
    r"\blocked\s+(?:me|him|her|us|them)\s+(?:out|in)\b|\bmakes?\s+me\s+do\s+(?:things|stuff)\b",
    r"\b(?:took|taken|tuk)\s+all\b|\bwon'?t\s+wake\b|\bseizure\b|\bfitting\b",
    r"\b(?:comes?|came|gets?)\s+in(?:to)?\s+(?:my|her|his)\s+(?:bed)?(?:room|bed)\b",
    r"\ballegation\b.{0,40}\b(?:made|against|about)\b|\bleft\s+(?:by|on|at)\s+the\s+(?:road|street|roadside)",
    r"\btaken\s+(?:by\s+)?(?:\w+\s+)?(?:father|dad|mother|mum|uncle)?\s*abroad",
    r"\bkill\w*\s+(?:him|her|my|them)self|\bkill\s+(?:him|her|me|us)\b|\bend(?:ing)?\s+(?:it\s+all|(?:his|her|my)\s+life)",
    r"\boverdos",
    r"\b(?:tuk|took|taken|swallow\w*)\b.{0,30}\b(?:pills?|tablets?|parac\w*|bleach|batter)",
    r"\bcut(?:ting)?\s+(?:her|him|my|them)sel",
    r"\bsaying\s+goodbye|\bgoodbye\s+(?:note|message|letter)",
    r"\b(?:don'?t|dont|doesn'?t|doesnt)\s+want\s+(?:to|2)\s+(?:live|be\s+(?:here|alive)|wake\s+up|go\s+home)",
    r"\b(?:scared|frightened|terrified|afraid|feart)\s+(?:to|of|tae|ae)\s+(?:g\w+\s+(?:home|hame)|(?:his|her|my)\s+(?:dad|mum|step\w*))",
    r"\bdisclos",
    r"\babus(?:e|ed|ing)\b",
    r"\bmolest|\brap(?:ed|e|ing)\b|\bgroom(?:ed|ing)\b|\bnudes?\b|\bexploit",
    r"\btouch(?:es|ed|ing)?\s+(?:her|him|me|them|my)\b|\btouched\b",
    r"\b(?:does|dose|did|doing)\s+(?:stuff|things)\s+to\s+(?:her|him|me)",
    r"\bcomes?\s+into\s+(?:her|his|my)\s+(?:bed)?room",
    r"\bpics\b.{0,60}\b(?:tell|post|send)|\bkeeps?\s+asking\s+for\s+pics",
    r"\btexts?\b.{0,60}\blate\s+at\s+night",
    r"\b(?:hit|hits|hitting|beat|beats|beating|beaten|punch\w*|kick\w*|slap\w*|skelp\w*|batter\w*|chok\w+|strangl\w+|burn(?:t|ed|s)?|hurt|hurts|hurting|thump\w*|leather\w*|belt(?:ed|s))\b",
    r"\bbruis|\bblack\s+eye|\bburn\s+marks?|\bmarks\s+(?:on|up)\b|\bcigarette\s+burn",
    r"\bnot\s+(?:been\s+)?eaten\s+(?:since(?!\s+(?:breakfast|lunch|break|this\s+morning))|for|in)|\b(?:hasn'?t|hasnt|no)\s+(?:had\s+)?(?:eaten|food|any\s+food)|\bstarving\b|\bneglect",
    r"\b(?:went|gone|going|is|are|been|reported)\s+missing|\bnever\s+(?:came|come)\s+(?:back|home)|\b(?:not|n'?t|nobody|no\s+one)\b.{0,20}\b(?:come\s+home|turned\s+up|seen\s+(?:her|him|them)|been\s+seen)|\bcan'?t\s+find\s+(?:her|him|them)|\bran\s+(?:away|off)|\brun\s+away|\bwalked\s+out\b|\bphone'?s?\s+(?:is\s+)?off",
    r"\b(?:knife|knives|gun|machete|blade|weapon|stab\w*|scissors)\b",
    r"\bthreaten\w*\b|\bgoing\s+to\s+(?:kill|hurt|stab|shoot)",
    r"\bdrunk\b|\bhigh\s+on\b|\boff\s+(?:his|her)\s+(?:head|face)\b",
    r"\bhome\s+alone\b|\bleft\s+(?:\w+\s+)?alone\b|\bby\s+(?:them|him|her)sel(?:f|ves)\b|\bno\s+adult\b|\babandon\w*",
    r"\bfgm\b|\bforced?\s+marriage|\b(?:to\s+be|getting)\s+married|\bcut\s+abroad|\bflown\s+out\b|\btaken\s+abroad",
    r"\bunconscious|\bnot\s+breathing|\bbleeding\b|\bcollaps\w+|\bambulance\b",
    r"\bin\s+danger\b|\bsignificant\s+harm\b|\bnot\s+safe\b|\bunsafe\b|\bdomestic\s+(?:violence|abuse)",
    # Welsh, Polish
    r"\bhunan-?(?:laddiad|niweid\w*)|\blladd\b|\b(?:ei|fy)\s+(?:churo|guro|mrifo|brifo|tharo|daro)\b|\bbrifo\b|\bcam-?drin\b|\bcyllell",
    r"\bbije\b|\bbił[ay]?\b|\buderzy\w*|\bzabi[ćj]\w*|\bsamob[oó]j\w*|\bdotyka\w*|\bgwa[łl]\w*|\bkrzywdz\w*|\bboi\s+się\b|\bnóż|\bzagin\w*|\buciek\w*",
)

# The danger is an event: someone in particular, or now.
_SOMEONE = _any(
    rf"\b{_PERSONAL}\b",
    r"\b(?:my|me|i|im|i'm|we|our)\b",
    rf"\b(?:a|an|the|this|that|one|another|some)\s+(?:\w+[\s-]+){{0,3}}{_CHILD}\b",
    rf"\b{_CHILD}\s+(?:in|on|who|has|is|says|said|told|just)\b",
    rf"\b{_YEAR}\b(?!s)",
    r"\bone\s+of\s+(?:mine|my|our)\b",
    r"\bjust\b|\bnow\b|\btoday\b|\btonight\b|\btonite\b|\bminutes?\s+ago\b|\bhour\s+ago\b|\bright\s+now\b|\bthis\s+(?:morning|afternoon|evening)\b",
    r"\bdisclosure\b.{0,30}\b(?:ago|today|just)\b",
    r"\bunder-?(?:fives|tens|\d+s)\b.{0,20}\bby\s+themselves",
    r"\bmae\b|\bmerch\b|\bmab\b|\bplentyn\b|\bdisgybl\b",
    r"\b(?:dziewczynk|chłopi?e?c|chłopc|dzieck|uczeń|uczni|uczenn|mój|moj[aeą]|mnie|ona|ojciec|ojczym|matka)\w*",
    re.escape(REMOVED),
)

# The danger is a topic: guidance, training, figures, groups, the past elsewhere.
_TOPIC = _any(
    r"\bpolic(?:y|ies)\b",
    r"\bguidance\b",
    r"\btraining\b|\btrains?\b",
    r"\b(?:the|any|which|do|does)\s+(?:\w+\s+)?(?:paper|papers|document|documents|source|sources|study|survey|review|research|report)\b",
    r"\bdefin(?:e|ition)|\bwhat\s+(?:is|counts\s+as|does\s+.{1,30}\s+mean)\b",
    r"\b(?:children|pupils|kids|students|young\s+people|youngsters|families|learners)\b",
    r"\blast\s+(?:year|term|summer)\b|\byears?\s+ago\b|\bsister\s+school\b",
    r"\bhow\s+many\b|\bpercent|\bstatistic|\bfigures?\b|\brates?\b",
    r"\bin\s+general\b|\bgenerally\b",
    r"\bassembly\b|\bcurriculum\b|\bstrategy\b|\bprevention\b",
)
# Signs that outrank a topic: it is happening.
_NOW = _any(
    r"\bright\s+now\b|\bjust\s+(?:told|said|seen|tuk|took|found|disclosed|rang|texted)|\bminutes?\s+ago\b|\btonight\b|\btonite\b|\bat\s+this\s+moment\b|\bis\s+self[\s-]?harming\b",
    rf"\b{_PERSONAL}\b.{{0,40}}\b(?:going\s+to|about\s+to|gonna|being\s+(?:flown|taken))\b",
    rf"\b{_PERSONAL}\s+(?:says|said|told|sed)\b",
    r"\bnext\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
)
_PAST_TURN = _any(
    r"\b(?:dealing|dealt)\s+with\s+it\b|\bseparate\s+(?:thing|question|matter)\b|\bhas\s+been\s+(?:reported|dealt|passed)\b|\balready\s+(?:reported|referred|called|rung)\b"
)

# A child or young person writes, or someone is about to disclose.
_YOUNG_VOICE = _any(
    r"\bwhat\s+(?:happens|wud\s+happen|would\s+happen)\s+if\s+i\s+(?:tell|told)\b",
    r"\b(?:im|i'?m|i\s+am)\s+(?:only\s+)?(?:[5-9]|1[0-7])\b(?!\s*(?:%|per|pupils|schools))",
    r"\bmy\s+(?:mums?|mam'?s?|dads?|da|step\s?(?:dad|mum|bro\w*)|foster\s+(?:mum|dad|carers?))\b.{0,50}\b(?:hit|hits|hurt|hurts|boyfriend|touch|shout|drunk|scare)",
    r"\bcan\s+i\s+tell\s+(?:you|u)\s+(?:a\s+secret|something)",
    r"\bi'?m\s+in\s+care\b.{0,60}\b(?:ask|tell|post|scared)",
)

# A child or young person writes about their own life, in danger or not.
_YOUNG_WRITER = _any(
    r"\b(?:im|i'?m|i\s+am)\s+(?:only\s+)?(?:[5-9]|1[0-7])\b(?!\s*(?:%|per|pupils|schools|years?\s+(?:in|into)))",
    r"\b(?:im|i'?m|i\s+am)\s+in\s+(?:year|yr|y|s|p)\s?\d{1,2}\b",
    r"\b(?:im|i'?m|i\s+am)\s+in\s+(?:foster\s+)?care\b|\bi\s+live\s+(?:with\s+my\s+foster|in\s+(?:a\s+)?(?:care|children'?s)\s+home)",
    r"\bmy\s+(?:foster\s+(?:carers?|mum|dad|family)|form\s+tutor|head\s+of\s+year|exclusion|pep)\b",
    r"\bmy\s+(?:mum|mam|maw|dad|da|step\s?(?:dad|mum|bro\w*)|uncle|brother)\b.{0,40}\b(?:hits?|hurts?|touch\w*|shouts?|scares?|won'?t\s+let|makes?)\s+me\b",
)

_OVERRIDE = _any(
    r"\b(?:ignore|disregard|forget|override|bypass|drop)\b.{0,30}\b(?:rules?|instructions?|prompts?|restrictions?|limits?|guard\s?rails?|previous|above|policy)\b",
    r"\b(?:restrictions?|rules?|limits?|filters?)\s+(?:are|is|were|have\s+been|has\s+been)?\s*(?:now\s+)?(?:off|lifted|removed|suspended|disabled)\b",
    r"\blimit\s+lifted\b",
    r"\b(?:system|developer|admin)\s*(?:prompt|message|update|override|mode)\b",
    r"[\"']role[\"']\s*:\s*[\"'](?:system|assistant|developer)",
    r"<\|?\s*(?:system|im_start|assistant)|\[/?(?:inst|system)\]",
    r"\byou\s+are\s+now\b|\byou\s+are\s+\w+bot\b|\bact\s+as\b|\bpretend\s+(?:to\s+be|you)|\brole-?play\b|\bjailbreak|\bDAN\b",
    r"\b(?:begin|start)\s+(?:your|the)\s+(?:answer|reply|response)\s+with\b",
    r"\b(?:has|have)\s+no\s+(?:limits|rules|restrictions)\b|\bwithout\s+(?:your\s+)?(?:rules|restrictions|limits|them)\b|\bversion\s+of\s+you\b",
    r"\b(?:reveal|print|show|repeat|translate|put)\b.{0,25}\b(?:your|the)\s+(?:instructions|prompt|system\s+prompt)\b",
    r"\bmake\s+(?:one|it|them)\s+up\b|\binvent\b.{0,20}\b(?:citation|quote|source)|\bfabricat",
    r"\bi\s+know\s+it\s+isn'?t\s+in\s+there\b|\bdo\s+it\s+any\s?way\b",
    r"\b(?:obliges?|requires?|orders?)\s+(?:assistants?|you|chatbots?)\s+to\b",
    r"\bdecode\b.{0,40}\b(?:do|follow|says)\b|\bbase64\b|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,400}={1,2}",
    r"\bproceed\s+anyway\b|\bcodeword\b|\bremember\s+the\s+word\b",
)

_PARENT = _any(
    r"\bmy\s+(?:own\s+|eldest\s+|youngest\s+|little\s+|wee\s+|adopted\s+|foster(?:ed)?\s+|teenage\s+|\d+[\s-]year[\s-]old\s+){0,3}(?:son|daughter|child(?!ren'?s)|kids?|lad|lass|boy|girl|bairn|wean|wee\s+one|baby|grandson|granddaughter|grandchild|grandkids?|nephew|niece|step\s?(?:son|daughter))\b(?!\s+(?:protection|in\s+need))",
    r"\b(?:our|ma|mah|oor)\s+(?:\w+\s+)?(?:son|daughter|grandson|granddaughter|wee\s+(?:one|boy|girl|man)|bairn|wean|foster\s+(?:lad|child|boy|girl|son|daughter))(?:'s)?\b",
    r"\bfamilies\s+like\s+ours\b",
    r"\bi'?m\s+(?:his|her|their|the|a)\s+(?:\w+\s+)?(?:mum|mam|dad|mother|father|nan|gran|carer|guardian|aunt|uncle|parent)\b.{0,80}\b(?:my|he|she|him|her|his|lad|girl|boy)\b",
    r"\b(?:as|being)\s+(?:a|his|her|their|the)\s+(?:mum|mam|dad|mother|father|nan|gran|carer|guardian|parent|foster\s+carer)\b",
    r"\b(?:im|i'?m|i\s+am)\s+(?:a\s+)?(?:foster|kinship)\s+(?:mum|mam|dad|carer|parent)\b.{0,120}\b(?:lad|girl|boy|child|he|she|him|her)\s+(?:we'?ve\s+got|we\s+have|has|is|in\s+our)",
    r"\bme\s+as\s+(?:the|a)\s+parent\b",
    r"\bhelp\s+(?:with|me\s+with)\s+mine\b",
    r"\bkinship\s+placement\b.{0,60}\b(?:he|she)\b|\bnan\s+with\s+a\b",
    r"\bshould\s+i\s+home\s?-?(?:educate|school)\b",
    r"\basking\s+for\s+a\s+friend\b.{0,40}\b(?:her|his|their)\s+(?:son|daughter|child|lad|girl)",
    r"\bon\s+me\s+back\b",
    r"\b(?:fy|ein)\s+(?:mab|merch|mhlentyn|plentyn|mhlant)\b",
    r"\b(?:mój|mojego|mojemu|moim)\s+syn\w*|\bmoj(?:a|ą|ej)\s+córk\w*|\bmoje(?:go|mu)?\s+dzieck\w*",
    r"\bturned\s+down\s+an\s+ehcp\s+for\s+our\b",
)
# Staff speak of parents, or ask about a role in general: no parent of a child asks here.
_ABOUT_PARENTS = _any(
    r"\bat\s+uni(?:versity)?\b|\bdissertation\b|\bstock\s+line\b|\b(?:what|how)\s+(?:do|should|can)\s+(?:we|staff|schools?)\s+(?:tell|say\s+to)\s+parents\b",
    r"\bi\s+don'?t\s+need\s+anything\s+about\b",
    r"\bfor\s+our\s+(?:policy|website|newsletter|page|handbook)\b",
    r"\b(?:support\s+group|recruitment\s+panel|governor|governors)\b",
)

_SEND = _any(
    r"\bsend\b(?!\s+(?:me|us|it|them|a|the|him|her|nothing|this|that|over|to)\b)",
    r"\bsen\b",
    r"\behcps?\b|\behc\s+plans?\b",
    r"\bdyslexi\w*|\bdyspraxi\w*|\bautis\w*|\badhd\b|\bspecial\s+(?:educational\s+)?needs\b|\badditional\s+(?:support\s+)?needs\b|\bspeech\s+and\s+language\b",
)
_NO_SOCIAL_WORKER = _any(
    r"\b(?:no|without|not\s+have|don'?t\s+have|haven'?t\s+(?:got\s+)?|none\s+.{0,20}(?:got\s+)?|never\s+had)\s*(?:a\s+|any\s+)?social\s+(?:work|care)",
    r"\bno\s+social\b",
    r"\bsocial\s+(?:worker|care)\s+or\s+(?:no|not)\b",
    r"\bnone\s+(?:of\s+(?:them|whom)\s+)?(?:known\s+to|with|got|have)\b.{0,20}\bsocial",
    r"\bnot\s+known\s+to\s+social",
    r"\bnon[\s-]social[\s-](?:care|work)|\bw/o\s+(?:a\s+)?social|\blooked\s+after\s+or\s+(?:no|not)\b|\bnot\s+looked\s+after\s+(?:ones|kids|children|pupils)",
    r"\bsocial\s+workers?\s+(?:and|or)\s+without\b|\bthreshold\s+for\s+(?:a\s+)?social|\brequirement\s+that\s+they\s+(?:have|need)\b|\bregardless\s+of\s+(?:any\s+)?social|\bwhether\s+or\s+not\s+they\b.{0,20}\bsocial",
)
_TAKE_ON = _any(
    r"\b(?:we|we'd|i'd|i)\s+(?:would\s+)?(?:want|like|need)\b",
    r"\b(?:will|would|could|can)\s+(?:the\s+|your\s+)?(?:vsh?|virtual\s+(?:school|head)|you|yous|they)\b",
    r"\btake\s+(?:\w+\s+)?on\b|\bpick\s+up\b|\bin\s+charge\b|\bpass\s+the\s+lot\b|\boversee\b|\brun\s+(?:some|the|\w+\s+reviews)\b|\bhand\s+over\b|\bmonitor(?:ing)?\b|\boverseen?\b|\bhold\s+the\s+plans\b|\bresponsib|\bcome\s+in\s+and\b|\breferral\b|\bwho'?s?\s+going\s+to\s+help\b",
)

_SMALL_GROUP = _any(
    rf"\b(?:our|my|these|those|the)\s+(?:two|three|four|five|six|seven|eight|nine|[2-9])\s+(?:\w+\s+){{0,3}}(?:{_CHILD}s?|children|pupils|kids|students)\b",
    r"\bpupil\s+[ab]\b",
    r"\bwhich\s+gets\s+it\b",
)
_ONE_CHILD = _any(
    rf"\b(?:this|that|my|our|certain|particular|specific|named)\s+(?:\w+[\s-]+){{0,3}}(?:{_CHILD}|{_YEAR})\b(?!s)(?!\s+(?:protection|in\s+need\s+(?:plan|review)|group|groups|cohort|olds))",
    rf"\ba\s+(?:certain|particular|specific)\s+(?:{_CHILD}|{_YEAR})\b",
    rf"\b(?:a|an|one|the|another)\s+(?:\w+[\s-]+){{0,3}}(?:{_CHILD}|{_YEAR}|{_YEAR}\s+{_CHILD})\s+(?:called|named|whose|that'?s|thats|on\s+a\s+child|with\s+initials)\b",
    rf"\b(?:a|an|one|the|another)?\s*(?:\w+\s+){{0,2}}{_CHILD}\s+(?:in|of)\s+(?:my|our)\s+(?:class|form|school|tutor|group|setting|care|team)\b",
    rf"\b(?:a|this|one|the)\s+{_YEAR}(?:\s+{_CHILD})?\b(?=.*\b{_PERSONAL}\b)",
    r"\b(?:should|can|could|do|shall|must)\s+(?:i|we)\s+(?:\w+\s+){0,2}(?:exclude|suspend|move|refer|send|put|keep|let|give|allow)\s+(?:a|him|her|this|that|the)\b",
    r"\binitials\b",
    r"\bwho\s+is\s+\w+'s\s+social\s+worker\b",
    r"\bthe\s+eldest\s+is\b|\bthis\s+family\b",
    rf"\b{_YEAR}\b[^.?!]{{0,40}}\b(?:attendance\s+)?\d{{1,3}}\s?%|\battendance\s+\d{{1,3}}\s?%",
    r"\b(?:lives?|living)\s+with\s+(?:his|her)\b",
    r"\bsubject\s+child\b|\bcase\s+(?:file|notes)\b",
    rf"\bfor\s+(?:a|this|that)\s+(?:\w+\s+)?(?:{_YEAR}\s+)?(?:girl|boy|lad)\b",
    r"\buczeń\s+w\s+mojej\b|\buczennica\s+w\s+mojej\b|\bmoj(?:ego|a)\s+ucz\w+",
    r"\b(?:wee|oor)\s+(?-i:[A-Z][a-z]+)\b",
    r"\b(?:\w+[-\s])?(?:boy|girl|twins?|lad)\s+go(?:es)?\s+to\b",
    r"\b(?:niece|nephew|cousin|neighbour|friend|sister|brother)'s\s+(?:pal|mate|friend|kid|son|daughter|child|girl|boy|lad)\b",
)
# A child who is pointed at with a name, initials or a letter, or as a certain one.
_CALLED = _any(
    rf"\b{_CHILD}\s+(?:in\s+\w+\s+)?(?:called|named|initials|with\s+(?:the\s+)?initials)\b",
    rf"\b(?:{_CHILD}|{_YEAR})\b[^.?!]{{0,30}}\bwhose\s+(?:\w+\s+)?name\b",
    rf"\ba\s+certain\s+(?:{_CHILD}|{_YEAR})\b(?!s)",
    r"\b(?:pupil|child|student|young\s+person|yp|case|learner)\s+(?-i:[A-Z])\b(?!')",
)
_PERSONAL_PRONOUN = re.compile(rf"\b{_PERSONAL}\b", re.IGNORECASE)
_ADULT = _any(
    r"\b(?:colleague|head\s?teacher|our\s+head|the\s+head|manager|governor|author|researcher|professor|mciver|drew|banerjee|deeley|o'neill|erickson|minister|director|deputy|assistant|\btas?\b|teaching\s+assistant|officer|mr|mrs|ms|miss|dr|senco|dsl|teacher|tutor|councillor)\b",
)
_ADULT_CALLED = _any(
    r"\b(?:colleague|teacher|head\s?teacher|head|manager|governor|officer|friend|director|author|researcher|assistant|ta|senco|dsl|tutor|deputy|councillor)\s*,?\s+(?:called|named)?\s*$",
    r"\b(?:mr|mrs|ms|miss|dr|prof|professor|cllr|councillor|sir)\.?\s*$",
)
_FICTION = _any(
    r"\bcase\s+study\b|\bfictional\b|\binvented\b|\bmade[\s-]up\b|\bvignette\b|\bquiz\b|\b(?:in|of)\s+(?:the|a)\s+(?:novel|film|play|poem|leaflet)\b|\bserious\s+case\s+review|\btraining\s+(?:example|scenario)\b|\binduction\s+pack\b",
)
_SET_ASIDE = _any(
    r"\bleave\s+(?:him|her|them|that|it)\s+out\b",
    r"\bnot\s+asking\s+about\s+(?:him|her|them)\b",
    r"\bi\s+don'?t\s+need\s+anything\s+about\s+(?:him|her|them)\b",
    r"\b(?:ignore|never\s+mind)\s+(?:that|this|him|her)\b",
    r"\bsorted\s+(?:it|that)\b|\bfinished\s+with\b|\bwrong\s+(?:box|list)\b",
)
_GENERIC = _any(
    r"\btypical\b|\baverage\b|\bany\s+(?:child|pupil)\b|\bwhen\s+a\s+(?:child|pupil)\b|\bif\s+a\s+(?:child|pupil)\b"
)
# A capitalised word that an age or year follows: "Bella, Year 8".
_DESCRIBED_NAME = re.compile(
    rf"\b([A-Z][a-z]+(?:-[A-Z][a-z]+)*)(?:,\s*(?:(?i:{_YEAR})|\d{{1,2}})\b|,?\s+(?:is|aged|age)\s+\d{{1,2}}\b)(?!%)"
)
_ADULT_AFTER = re.compile(r",?\s+(?:one\s+of\s+our|our|the|a)\s+(?:tas?|teachers?|heads?|colleague)", re.IGNORECASE)
_CHILDREN_AFTER = re.compile(
    r"\s+(?:boy|girl|lad|twins?|brothers|sisters|siblings|kids?|children|family)\b", re.IGNORECASE
)
# A name right after one of these stands where a child's name would stand.
_NAME_FRAME = re.compile(
    r"(?:\b(?:for|about|(?:parents?|mum|dad|mother|father|carers?|family|attendance|behaviour|progress|needs|case|plan|files?)\s+of|with|on|help|is|does|should|can|could|was|has|did|called|named|keep|move|exclude|diagnose|assess|let|tell|and|what\s+about|pupil|child|boy|girl|lad|wee|poor|our)\s+(?:wee\s+|little\s+|poor\s+)?)$",
    re.IGNORECASE,
)


def screen(text: str, history: tuple[Message, ...] = ()) -> Verdict:
    """The ruling on a question whose personal data has been taken out; `history` holds earlier turns, redacted too."""
    text = text.replace("’", "'")
    earlier = [message.content.replace("’", "'") for message in history if message.role == "user"]
    evidence: list[str] = []

    danger = _found(_DANGER, text)
    event = danger and _found(_SOMEONE, text)
    topic = _found(_TOPIC, text)
    now = _found(_NOW, text)
    young = _found(_YOUNG_VOICE, text)
    if not _PAST_TURN.search(text) and (young or (danger and (now or (event and not topic)))):
        signs = [("danger", danger), ("someone in particular", event), ("now", now), ("a young person writes", young)]
        return Verdict(Reason.SAFEGUARDING, True, tuple(f"{name}: {words}" for name, words in signs if words))
    urgent = bool(danger and event)
    if urgent:
        evidence.append(f"danger as a topic: {danger}")

    override = _found(_OVERRIDE, text) or next((found for turn in earlier if (found := _found(_OVERRIDE, turn))), None)
    if override and (_found(_OVERRIDE, text) or _one_child(text)):
        return Verdict(Reason.OVERRIDE_ATTEMPT, urgent, (*evidence, f"override: {override}"))

    parent = _found(_PARENT, text) or _own_child_by_name(text) or _found(_YOUNG_WRITER, text)
    if parent and not _ABOUT_PARENTS.search(text):
        return Verdict(Reason.PARENT_OR_CARER, urgent, (*evidence, f"own child: {parent}"))

    send, no_worker, take_on = _found(_SEND, text), _found(_NO_SOCIAL_WORKER, text), _found(_TAKE_ON, text)
    if send and no_worker and take_on:
        return Verdict(
            Reason.SEND_OUT_OF_COHORT,
            urgent,
            (*evidence, f"SEND: {send}", f"no social worker: {no_worker}", f"asks to take on: {take_on}"),
        )

    one = _one_child(text)
    if one:
        return Verdict(Reason.INDIVIDUAL_CHILD, urgent, (*evidence, one))
    return Verdict(None, urgent, tuple(evidence))


# What the rules may find, as their evidence begins.
SIGNS = (
    "danger",
    "danger as a topic",
    "now",
    "a young person writes",
    "override",
    "own child",
    "SEND",
    "a name",
    "a small group",
    "a child by name",
    "one child",
    "one person",
    "another language",
)


def signs(verdict: Verdict) -> tuple[float, ...]:
    """Which of SIGNS stand in a verdict's evidence: 1 or 0 each."""
    found = {evidence.split(":")[0] for evidence in verdict.evidence}
    return tuple(float(sign in found) for sign in SIGNS)


def young_writer(text: str) -> bool:
    """Whether a child or young person seems to write, about their own life."""
    text = text.replace("’", "'")
    return bool((_YOUNG_VOICE.search(text) or _YOUNG_WRITER.search(text)) and not _PARENT.search(text))


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group().strip() if match else None


def _one_child(text: str) -> str | None:
    """The sign that one child (or a group small enough to be known) is meant, or None."""
    if _FICTION.search(text):
        return None
    set_aside = _SET_ASIDE.search(text)
    called = _found(_CALLED, text)
    if called and not set_aside:
        return f"a child by name: {called}"
    name = child_name(text)
    if name and not set_aside:
        return f"a name: {name}"
    group = _found(_SMALL_GROUP, text)
    if group:
        return f"a small group: {group}"
    one = _found(_ONE_CHILD, text)
    if one and not _GENERIC.search(text) and not set_aside:
        return f"one child: {one}"
    pronoun = _found(_PERSONAL_PRONOUN, text)
    if pronoun and not set_aside and not _ADULT.search(text) and not _ABOUT_PARENTS.search(text):
        return f"one person: {pronoun}"
    if pronoun and REMOVED in text and not set_aside:
        return f"one person: {pronoun}"
    return None


def _own_child_by_name(text: str) -> str | None:
    """ "Our Ted" is how a family speaks; a school says "our pupil Ted"."""
    return next(
        (f"our {word}" for start, word in lone_names(text) if re.search(r"\bour\s+$", text[:start], re.IGNORECASE)),
        None,
    )


def child_name(text: str) -> str | None:
    """A capitalised word that is no known term and stands where a child's name would stand, or None."""
    described = _DESCRIBED_NAME.search(text)
    if described and lone_names(f"a {described.group(1)}, a"):
        return described.group(1)
    for start, word in lone_names(text):
        before, after = text[:start], text[start + len(word) :]
        if _ADULT_CALLED.search(before) or _ADULT_AFTER.match(after):
            continue
        if word.lower().endswith("'s") or _NAME_FRAME.search(before) or _CHILDREN_AFTER.match(after):
            return word
    return None
