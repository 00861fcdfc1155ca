"""Takes personal data out of a question before anything else sees or logs it.

Recognisers err to taking out too much: a lost word costs a search term, a kept name costs a child's privacy.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

REMOVED = "[removed]"

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_BIRTH = r"(?:d\.?\s?o\.?\s?b\.?|born(?:\s+on)?(?:\s+the)?|birth\s*da(?:y|te)|date\s+of\s+birth)"
_WRITTEN = rf"\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?[\s./-]+(?:{_MONTH}|\d{{1,2}})[\s./,-]+\d{{2,4}}"
# A full date in figures is taken for a date of birth unless it is said to be a document's.
_DOCUMENT_DATE = r"(?<!published )(?<!dated )(?<!issued )(?<!updated )(?<!version )(?<!edition )"
_STREET = r"(?:street|st|road|rd|avenue|ave|lane|close|drive|rise|way|court|crescent|cres|terrace|gardens|grove|place)"
# Numbers in a child's records. Check digits are not tested: a number with a slip in it still points to a child.
_RECORD = r"(?:upn|uln|chi|nhs|scn|urn|mosaic|liquid\s?logic|carefirst|eclipse|seemis|sims|arbor|bromcom|passport|candidate|exam|case|file|pupil|child|student|record|client|reference|ref)"
_SITES = r"(?:snap(?:chat)?|insta(?:gram)?|tik\s?tok|discord|whats\s?app|facebook|roblox|xbox|psn|gamer\s?tag|user\s?name|handle)"

# (kind, pattern), in order: an address with a postcode goes before the postcode alone.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("email", r"(?<![\w.+'-])[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}"),
        (
            "email in words",
            r"(?<![\w.+'-])[\w.+'-]{1,64}\s?(?:\(at\)|\[at\]|\sat\s)\s?[\w-]{1,63}(?:\s?(?:\(dot\)|\[dot\]|\sdot\s)\s?[\w-]{1,63}){1,5}",
        ),
        ("social name", r"(?<![\w.@])@[a-z0-9_.]{2,29}[a-z0-9_]"),
        ("social name", rf"\b{_SITES}\b(?:\s+(?:name|is|account|id))*\s*[:=]?\s+(?=[\w.]*[\d_])[\w.]{{3,30}}"),
        ("birth date", rf"\b{_BIRTH}\W{{0,3}}(?:is\s+)?(?:{_WRITTEN}|\d{{6}}|\d{{8}})\b"),
        (
            "date",
            rf"{_DOCUMENT_DATE}\b\d{{1,2}}[./-]\d{{1,2}}[./-](?:\d{{4}}|\d{{2}})\b|{_DOCUMENT_DATE}\b(?:19|20)\d{{2}}[./-]\d{{1,2}}[./-]\d{{1,2}}\b",
        ),
        (
            "flat",
            rf"\b(?:flat|apartment|room)\s+\d{{1,4}}[a-z]?,?\s+(?=\d{{1,4}}[a-z]?,?\s+(?:\w+\s+){{1,3}}{_STREET}\b)",
        ),
        (
            "street address",
            rf"\b\d{{1,4}}[a-z]?,?\s+(?:(?-i:[A-Z])[\w'’-]{{0,30}}\s+){{1,3}}{_STREET}\b",
        ),
        (
            "street address",
            rf"\b(?:lives?|living|lived|stays?|staying|address(?:\s+is)?|home\s+is|moved\s+to)\s*:?\s*(?:at\s+|to\s+)?\d{{1,4}}[a-z]?,?\s+(?:[\w'’-]{{1,30}}\s+){{1,3}}{_STREET}\b",
        ),
        ("postcode", r"\b[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}\b"),
        ("national insurance number", r"\b[a-z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[a-d]\b"),
        ("unique pupil number", r"\b[a-z]\s?\d{3}\s?\d{4}\s?\d{4}\s?[a-z\d]\b|\b[a-z]\d{11}[a-z\d]\b"),
        ("phone", r"(?<![\w/.])(?:\+\d{1,3}|\(0\d{2,4}\)|0\d{2,4})(?:[\s.-]{0,2}\d){6,10}(?!\d)"),
        ("nhs number", r"\b\d{3}[\s-]\d{3}[\s-]\d{4}\b"),
        ("chi number", r"\b\d{6}\s\d{4}\b"),
        (
            "record number",
            rf"\b{_RECORD}\s*(?:id|no\b\.?|number|num\b|ref(?:erence)?|file)?\s*(?:is\s+)?[:#]?\s*(?:[a-z]{{1,4}}[/-]?\d{{3,}}|\d{{5,}})[\w/-]*",
        ),
        (
            "record number",
            rf"\b{_RECORD}\s*(?:id|no\b\.?|number|num\b|ref(?:erence)?)\s*(?:is\s+)?[:#]?\s*(?:[a-z]{{0,4}}[/-]?\d{{2,}})[\w/-]*",
        ),
        ("long number", r"\b\d{8,12}\b"),
    )
)

# A word of letters in any script; apostrophes and hyphens may join parts.
_LETTERS = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
_WORD = re.compile(_LETTERS)
# What may stand between the parts of one name; a stop only after an initial.
_JOINT = re.compile(r"\s{1,2}(?:(?:de|da|di|van|von|der|al|el|bin|ap|ab|ferch|mac)\s)?")
_INITIAL_JOINT = re.compile(r"\.?\s{0,2}")
_SAINT = re.compile(r"\bst\.?$|\bsaints?$", re.IGNORECASE)
# Two words that may be a first name with a surname, or a surname with a first name after a comma.
_TWO_WORDS = re.compile(rf"(?=\b({_LETTERS})(\s|, )({_LETTERS})\b(\s*,?\s*{re.escape(REMOVED)})?)")
# What says that a full name comes next.
_NAMED = re.compile(r"\b(?:names?|called|named|pupil|child|student|re|regarding)\s*(?:is|:|=|-)?\s*$", re.IGNORECASE)
_SHORT = 4  # letters: a shorter word with an s is more often a word than a name
_LEAD = 20  # characters: the longest of these words, with room
# A written date soon after something that was removed is a date of birth; elsewhere it may be the date of a document.
_DATE_AFTER_NAME = re.compile(rf"(?<={re.escape(REMOVED)})(\W{{1,12}}(?:aged?\W+)?)\b{_WRITTEN}\b", re.IGNORECASE)


@dataclass(frozen=True)
class Words:
    """Lower-case words that are no child's name: those that people capitalise (`terms`, and `public` surnames and places), those
    with which a run of capitalised words names a body and not a person, and those that open a sentence before a name."""

    terms: frozenset[str]
    public: frozenset[str]
    bodies: frozenset[str]
    openers: frozenset[str]

    @cached_property
    def known(self) -> frozenset[str]:
        """Words that are no unknown name."""
        return self.terms | self.public


@lru_cache(maxsize=1)
def not_names() -> Words:
    """What not_names.txt holds, each section by the first word of its heading."""
    sections: dict[str, set[str]] = {name: set() for name in ("Terms", "Public", "Places", "Bodies", "Openers")}
    for line in (Path(__file__).parent / "not_names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            section = sections[line.lstrip("# ").split(":")[0]]
        else:
            section.update(word.lower() for word in line.split())
    found = {name: frozenset(words) for name, words in sections.items()}
    return Words(found["Terms"], found["Public"] | found["Places"], found["Bodies"], found["Openers"])


@lru_cache(maxsize=1)
def first_names() -> frozenset[str]:
    """Lower-case first names that are no English words, so that they tell of a person without a capital letter too."""
    lines = (Path(__file__).parent / "first_names.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#")) - not_names().known


def redact(text: str) -> tuple[str, int]:
    """(the text with personal data replaced by a mark, how many pieces were replaced)."""
    count = 0
    for _, pattern in _PATTERNS:
        text, found = pattern.subn(REMOVED, text)
        count += found
    for find in (_full_names, _loose_names):
        for start, end in reversed(find(text)):
            text = text[:start] + REMOVED + text[end:]
            count += 1
    text, found = _DATE_AFTER_NAME.subn(lambda match: match.group(1) + REMOVED, text)
    return text, count + found


def _full_names(text: str) -> list[tuple[int, int]]:
    """Spans of runs of two or more capitalised words that may be a person's name: one of them is no word we know, and none
    of them is a term, or two of them are unknown."""
    listed = not_names()
    spans = []
    for run in _runs(text):
        if len(run) > 1 and _opens_sentence(text, run[0].start()) and _plain(run[0].group()) in not_names().openers:
            run = run[1:]
        words = [_plain(match.group()) for match in run]
        if listed.bodies & set(words) or _SAINT.fullmatch(words[0]):
            continue
        unknown = [n for n, word in enumerate(words) if word not in listed.known]
        named = [n for n, word in enumerate(words) if word not in listed.terms]
        if len(run) < 2 or not unknown:
            continue
        if len(unknown) >= 2:
            spans.append((run[unknown[0]].start(), run[unknown[-1]].end()))
        elif len(named) == len(words):
            spans.append((run[0].start(), run[-1].end()))
    return spans


def _loose_names(text: str) -> list[tuple[int, int]]:
    """Spans of full names that capitals do not show: "kayden smith's file", "name: kian o'brien", "Thornber, Lacey-Mae"."""
    names = first_names()
    spans: list[tuple[int, int]] = []
    for match in _TWO_WORDS.finditer(text):
        first, gap, second, after = match.group(1, 2, 3, 4)
        if gap == ", ":
            found = second[0].isupper() and first[0].isupper() and _plain(second) in names and not _known(first)
        else:
            found = _plain(first) in names and not _known(second) and _plain(second) not in not_names().openers
            if found:
                before = text[max(0, match.start() - _LEAD) : match.start()]
                found = bool(after or "'" in second.replace("’", "'") or _NAMED.search(before))
        if found and (not spans or spans[-1][1] <= match.start(1)):
            spans.append((match.start(1), match.end(3)))
    return spans


def _runs(text: str) -> list[list[re.Match[str]]]:
    """Capitalised words with nothing but a space between them. Words all in capitals count where the text around is not
    shouted."""
    words = list(_WORD.finditer(text))
    shouted = sum(match.group().isupper() for match in words) > 0.6 * len(words)
    runs: list[list[re.Match[str]]] = []
    for match in words:
        word = match.group()
        if not word[0].isupper() or (word.isupper() and len(word) > 1 and (shouted or len(word) < 3)):
            continue
        joint = _INITIAL_JOINT if runs and len(runs[-1][-1].group()) == 1 else _JOINT
        if runs and joint.fullmatch(text, runs[-1][-1].end(), match.start()):
            runs[-1].append(match)
        else:
            runs.append([match])
    return runs


def _plain(word: str) -> str:
    return word.lower().replace("’", "'").removesuffix("'s")


def _known(word: str) -> bool:
    return _plain(word) in not_names().known


def _opens_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in ".!?:\n>"


def lone_names(text: str) -> list[tuple[int, str]]:
    """(position, word) of words that are likely names: known first names, and capitalised words that are no known term and
    do not open a sentence. Capitals tell nothing where most of the text has them, as in a heading or in shouting."""
    words = [(match.start(), match.group()) for match in _WORD.finditer(text)]
    capitalised = {start for start, word in words if word[0].isupper() and not word.isupper()}
    shouted = len(words) > 3 and len(capitalised) > 0.6 * len(words)
    return [
        (start, word)
        for start, word in words
        if _first_name(word)
        or (start in capitalised and not shouted and not _known(word) and not _opens_sentence(text, start))
    ]


def _first_name(word: str) -> bool:
    """Also as people type it: "josies" for "Josie's"."""
    plain = _plain(word)
    return plain in first_names() or (len(plain) > _SHORT and plain.endswith("s") and plain[:-1] in first_names())
