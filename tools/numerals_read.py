"""Reads the numbers in Markdown: digits, formulas, and number words of both languages.

`read(text, "en")` gives a list of `Mention`s in the order of the text. What is no statement is left out:
numbers of chapters, sections, steps and exercises, list numbering, labels, code, and small words without a
unit (one, two, 一, 两): they are pronouns more often than counts.
"""

import math
import re
from dataclasses import dataclass
from functools import cache

import i18n_rules as rules

HAN_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SMALL = {word: i for i, word in enumerate(UNITS, 1)} | {word: 10 * i for i, word in enumerate(TENS, 2)}
SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
          "quadrillion": 10**15, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
PARTS = {"third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
         "tenth": 10, "sixteenth": 16, "twentieth": 20, "thirty-second": 32, "fiftieth": 50, "hundredth": 100,
         "thousandth": 1000, "millionth": 10**6, "billionth": 10**9}

DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:[eE][-+−]?\d+)?"
WORD = "|".join(sorted([*SMALL, *(s for s in SCALES if s.islower())], key=len, reverse=True))
PERCENT = r"\s?(?:%|％|per cent|percent)"
SCALE = r"(?:hundred|thousand|[mbt]r?illion|quadrillion)\b"
NUMBER = rf"(?:{WORD})(?:(?:[ -]|(?:(?<=hundred)|(?<=thousand)|(?<=million)),? and )(?:{WORD}))*"
ENGLISH = re.compile(
    rf"\b(?P<parts>(?:an?|{'|'.join(UNITS)})[ -](?:{'|'.join(PARTS)})s?(?: of a per cent)?)"
    r"\b(?<!\ba third(?= (?!of|to|more|less|as|and|or|at)))"  # a third model
    rf"|\b(?P<half>half an? (?:thousand|[mb]illion)|(?:some )?(?:{'|'.join(UNITS)}) and a half)\b"
    rf"|\b(?P<twice>twice(?= (?:as|the|that|its|what))|(?:{'|'.join(SMALL)})-?fold)\b"
    rf"|(?<![\w.\-/])(?P<words>(?:(?:an?|the|some|first|next|last|those) )?{NUMBER})s?(?!\w)"
    rf"(?P<wpc>{PERCENT})?"
    rf"|(?<![\w.])(?P<digits>{DIGITS})(?:\s?(?P<scale>{SCALE}|(?-i:[KMBT]\b)|[万亿]))?"
    rf"(?P<pc>{PERCENT})?(?![\w])", re.I)
HAN = "〇零一二两三四五六七八九十百千万亿"
CHINESE = re.compile(
    rf"(?P<parts>[{HAN}]+分之[{HAN}]+)"
    rf"|(?P<tenths>[{HAN}]成(?=[^为员本立功了长分]|$))"
    rf"|(?P<half>[{HAN}]个半(?![平径圆球边导]))"
    rf"|(?<![\w.])(?P<digits>{DIGITS})(?:\s?(?P<scale>[百千万亿]+|[KMBT]\b|{SCALE}))?"
    rf"(?P<pc>{PERCENT})?(?![a-zA-Z\d])"
    rf"|(?P<words>[{HAN}]+(?:来[万亿]+)?)(?P<wpc>{PERCENT})?")
# Small words count only before these; 大一倍 is twice, so 一倍 is not one time.
COUNTED = re.compile(r"\s?(?:times\b|-?fold\b|倍|个百分点|percentage points?\b)")
# In "110 and 340 million" and "2 to 6 %" the first number has the second's scale and unit.
SHARED = re.compile(rf"(?:,? (?:and|or|to)| ?[到和至]|–) ?(?:{DIGITS})"
                    rf"(?:(?P<pc>{PERCENT})|(?<=[\d]{{3}}) (?P<scale>{SCALE}))", re.I)
# What only says where in a text: chapters, also as the errata have them, (12), sections, steps, exercises and
# their like; names with a digit; what is too vague to be a number.
NAMES = re.compile(
    r"(?i)\b(?:chapters?|sections?|exercises?|steps?|questions?|parts?|equations?|lines?|eqs?\.|figures?|"
    r"tables?|pages?|pp?\.|volumes?|python)(?: |\xa0)\d[\d.–-]*(?:(?:, | and | to | or |–)\d[\d.]*)*(?!\s?%)"
    r"|§+ ?[\d.]+"
    r"|\b(?:AI Index|Stable Diffusion|DALL·E|Llama|PaLM|Gemma|Phi|Claude|word) \d[\w.]*"
    r"|\b[a-zA-Z][\w·]*-\d[\w.]*|(?<=[a-z] )\((?:1[2-9]|2[0-7])\)"
    r"|\b\d{4}-\d\d(?:-\d\d)?\b|(?<![\d,.])0\d\d?(?:\.\d+)?\b(?!,\d)|\b(?:[a-zA-Z]+\d|\d+[a-zA-Z]+\d)[\w.-]*"
    r"|\b(?:a few|several|many) (?:hundred|thousand|[mb]illion)s?(?: thousand| [mb]illion)?"
    r"|\b(?:tens|hundreds|thousands|millions|billions)(?: of (?:thousand|[mb]illion)s?)?(?= of\b)"
    r"|\b(?:tens|hundreds|thousands) of (?:thousand|million|billion)s\b|\bpowers? of (?:ten|10)\b")
# Ordinals in words (第三) are no counts, as "third" is none; idioms; 几十, 数亿, 十几, which say no number.
PLACES = re.compile(
    rf"第\s?[{HAN}]+(?:[、和到至]第?[{HAN}]+)?"
    r"|第\s?\d[\d.–-]*(?:\s?[至到和、]\s?第?\s?\d[\d.]*)*\s?(?=[章节步题问部条行卷])"
    r"|(?:练习|步骤|问题|资料|章|图|(?<!词)表|式)\s?\d[\d.]*(?:\s?[、和至到]\s?\d[\d.]*)*"
    r"|[数几上成][十百千万亿]+(?!分)|[十百千万亿]+几(?=[^何])|三次项|\d\d?\s?月(?:\s?\d\d?\s?日)?"
    r"|（(?:1[2-9]|2[0-7])）|十分(?![之钟])|十拿九稳|四舍五入|三角|万一|万能|万有|百科|七律|五绝|七绝|五律|三元|四元"
    r"|再三|四周|四处|四面|百分点"
    rf"|星期[{HAN}]|接二连三|举一反三|三言两语|万分(?!之)")


@dataclass(frozen=True)
class Mention:
    """A number in prose."""

    value: float
    unit: str  # "%" or ""
    step: float  # worth of its last digit: what may have been rounded away
    text: str  # as it is written
    start: int  # its place in the page's plain text
    formula: bool = False  # inside a formula that is more than this number

    @property
    def key(self):
        return f"{self.value:.10g}{self.unit}"


@dataclass
class Prose:
    """A cell's plain text; in it formulas are written plainly, between ⟨ and ⟩."""

    text: str
    lists: list  # lengths of lists, rows of tables
    cites: list  # (key, start)
    exercises: list  # (start, end) of exercises' texts
    exact: list  # formulas and code, letter by letter


# --- Markdown to plain text ------------------------------------------------------------------------

@cache
def prose(source):
    out = Prose("", [], [], [], [])
    blocks(source, out)
    return out


def blocks(source, out):
    depth, row = [], False  # a row of a table is one sentence
    for token in rules.parser().parse(source):
        kind = token.type
        if kind == "inline":
            inline(token.children or [], out)
            out.text += " · " if row else "\n"
        elif kind in ("fence", "colon_fence"):
            fence(token, out)
        elif kind in ("math_block", "math_block_label", "amsmath"):
            formula(token.content, out)
            out.text += "\n"
        elif kind in ("bullet_list_open", "ordered_list_open", "tbody_open"):
            depth.append(0)
        elif kind in ("bullet_list_close", "ordered_list_close", "tbody_close"):
            out.lists.append(depth.pop())
        elif kind in ("list_item_open", "tr_open", "tr_close"):
            row = kind == "tr_open"
            out.text += "\n" if kind == "tr_close" else ""
            if depth and kind != "tr_close":
                depth[-1] += 1


def fence(token, out):
    directive = re.match(r"\{([^}]+)\}\s*(.*)", token.info)
    if not directive:
        out.exact.append(token.content)
        return
    name, argument = directive.groups()
    start = len(out.text)
    _, body = rules.split_options(token.content)
    if rules.TITLED.fullmatch(name):
        blocks(argument, out)
    if name == "math":
        formula(body, out)
        out.text += "\n"
    elif name not in rules.FIXED and name != "diagram":
        blocks(body, out)
    if name == "exercise":
        out.exercises.append((start, len(out.text)))


def inline(tokens, out):
    for token in tokens:
        kind = token.type
        if kind == "text":
            out.text += token.content
        elif kind in ("softbreak", "hardbreak"):
            out.text += "\n"
        elif kind.startswith("math_inline"):
            formula(token.content, out)
        elif kind == "code_inline":
            out.exact.append(token.content)
            out.text += token.content if re.fullmatch(DIGITS, token.content) else "`…`"
        elif kind == "myst_role":
            out.text += role(token, out)


def formula(tex, out):
    """Into the plain text, between ⟨ and ⟩, unless it is a number and no more."""
    out.exact.append(re.sub(r"\\(text|mbox)\{[^{}]*\}|\s+", "", tex))
    plain = plain_tex(tex)
    out.text += plain if re.fullmatch(rf"\s*[-+−]?(?:{DIGITS})\s?%?\s*", plain) else f"⟨{plain}⟩"


def role(token, out):
    name, content = token.meta["name"], token.content
    if name.startswith("cite"):
        out.cites += [(key.strip(), len(out.text)) for key in content.split(",")]
        return ""
    return content if name in rules.TEXT_ROLES else "`…`"


@cache
def plain_tex(tex):
    """A formula with its numbers in the open: no commands, indices or exponents, powers of ten as 1e3."""
    tex = tex.replace("{,}", ",").replace("\\%", "%")
    tex = re.sub(r"\\[,;:! ]|~|&|\\\\", " ", tex)
    tex = re.sub(rf"({DIGITS})\s*\\(?:times|cdot)\s*10\^(?:\{{(-?\d+)\}}|(\d))", power, tex)
    tex = re.sub(r"(?<![\d.])10\^(?:\{(-?\d+)\}|(\d))", lambda m: f"1e{m[1] or m[2]}", tex)
    tex = re.sub(r"frac(\d)(\d)", r"frac{\1}{\2}", tex)
    tex = re.sub(r"\\(?:label|tag|ref|operatorname|begin|end)\*?\{[^{}]*\}", " ", tex)
    while (less := re.sub(r"[_^](?:\{[^{}]*\}|\\[a-zA-Z]+|[^{\s\\])", " ", tex)) != tex:
        tex = less
    tex = re.sub(r"\\[a-zA-Z]+", " ", tex)
    return re.sub(r"\s+", " ", re.sub(r"[{}\\]", " ", tex)).strip()


def power(match):
    return f"{match[1].replace(',', '')}e{match[2] or match[3]}"


# --- plain text to numbers -------------------------------------------------------------------------

def read(source, language):
    """The numbers of a Markdown text, in order."""
    return mentions(prose(source).text, language)


@cache
def mentions(text, language):
    found = []
    hidden = hide(text, PLACES if language == "zh" else NAMES)
    spans = [(m.start(), m.end()) for m in re.finditer(r"⟨[^⟩]*⟩", text)]
    for match in (CHINESE if language == "zh" else ENGLISH).finditer(hidden):
        formula = any(a <= match.start() < b for a, b in spans)
        found += number(match, hidden, formula, language)
    return sorted(found + formulas(hidden, spans, {m.start for m in found}), key=lambda m: m.start)


def formulas(text, spans, known):
    """Numbers that stand against a letter, as in 2α w or 0.5x: the patterns for prose pass over them."""
    found = []
    for a, b in spans:
        for match in re.finditer(rf"(?<![\w.])(?:{DIGITS})(?=[a-zA-Z])", text[a:b]):
            if a + match.start() not in known:
                found.append(digits(match[0], 1, "", match[0], a + match.start(), True))
    return [m for m in found if m and not structural(m)]


def hide(text, names):
    """Names with digits in them, blanked: the places stay."""
    text = names.sub(lambda m: " " * len(m[0]), text)
    if names is PLACES:
        text = NAMES.sub(lambda m: " " * len(m[0]), text)
    return text


def number(match, text, formula, language):
    groups = match.groupdict()
    if groups["digits"]:
        return from_digits(match, formula, language)
    if formula:
        return []
    start = match.start()
    if groups["parts"]:
        below, value = (chinese_part if language == "zh" else english_part)(groups["parts"])
        return [Mention(value, "", value / 10, match[0], start)] if below else []
    if groups["half"]:
        return [Mention(half(groups["half"].lower()), "", 0.5, match[0], start)]
    if groups.get("tenths"):
        return [Mention(10 * HAN_DIGITS.get(match[0][0], 10), "%", 10, match[0], start)]
    if groups.get("twice"):
        many = match[0].lower().removesuffix("fold").rstrip("-")
        return [Mention(SMALL.get(many, 2), "", 1, match[0], start)]
    return from_words(match, text, language)


def from_words(match, text, language):
    words = match["words"]
    if language == "zh" and re.fullmatch("三四|四五|五六|六七|七八|八九", words):  # three or four
        return [Mention(HAN_DIGITS[c], "", 1, words, match.start()) for c in words]
    if language == "zh":
        value = chinese(words, text[match.end():match.end() + 1] == "倍")
    else:
        value = english(words)
        if value is None and COUNTED.match(text, match.end()):  # "a ten times smaller rate"
            value = english(re.sub("^an? ", "", words, flags=re.I))
    counted = match["wpc"] or (COUNTED.match(text, match.end()) and value != 1)
    if value is None or (value < 3 and not counted):
        return []
    return [Mention(value, "%" if match["wpc"] else "", 1, match[0], match.start())]


def half(words):
    """half a million → 500000; two and a half, 两个半 → 2.5"""
    if words.startswith("half"):
        return 0.5 * SCALES[words.split()[-1]]
    words = words.removeprefix("some ")
    return 0.5 + (SMALL.get(words.split()[0]) or HAN_DIGITS.get(words[0], 10))


def from_digits(match, formula, language):
    groups = match.groupdict()
    scale, percent = groups["scale"], groups["pc"]
    shared = None if scale or percent or formula else SHARED.match(match.string, match.end())
    if shared:
        scale, percent = shared["scale"], shared["pc"]
    unit = "%" if percent else ""
    mention = digits(groups["digits"], factor(scale), unit, match[0], match.start(), formula)
    return [] if formula and structural(mention) else [mention]


def factor(scale):
    if not scale:
        return 1
    if scale[0] in HAN_SCALES:
        return math.prod(HAN_SCALES[letter] for letter in scale)
    return SCALES.get(scale.lower()) or SCALES[scale.upper()]


def digits(written, scale, unit, text, start, formula):
    plain = written.replace(",", "").replace("−", "-").lower()
    mantissa, _, exponent = plain.partition("e")
    places = len(mantissa.partition(".")[2])
    step = 10.0 ** (int(exponent or 0) - places) * scale
    return Mention(float(plain) * scale, unit, step, text.strip(), start, formula)


def structural(mention):
    """0, 1 and 2 in a formula are its grammar (1/2, a square, a first index) and not its content."""
    return mention.value in (0, 1, 2) and not mention.unit and "." not in mention.text


def english(words):
    """three hundred and fifty → 350; None for a lone hundred or dozen ("hundreds of")."""
    parts = re.split(r"[ -]|,? and ", words.lower().strip())
    if parts[-1] in SCALES and len(parts) == 1:
        return None
    total = current = 0
    for part in parts:
        if part in SMALL:
            current += SMALL[part]
        elif part in SCALES and SCALES[part] >= 1000:
            total, current = total + max(current, 1) * SCALES[part], 0
        elif part in SCALES:
            current = max(current, 1) * SCALES[part]
        elif part == "a" and len(parts) == 2 and parts[-1] in SMALL:  # "a five", the digit
            return None
    return total + current


def english_part(words):
    many, part = re.split(r"[ -]", words.lower(), maxsplit=1)
    part, cent = part.removesuffix(" of a per cent"), part.endswith("cent")
    below = PARTS.get(part) or PARTS[part.removesuffix("s")]
    return below, SMALL.get(many, 1) / below / (100 if cent else 1)


def chinese_part(words):
    below, above = (chinese(part, True) for part in words.split("分之"))
    return (0, 0) if (above, below) == (1, 2) or not (above and below) else (below, above / below)


def chinese(words, counted=False):
    """三百五十 → 350, 十八 → 18; None where the characters are no number (三四; 百, 千万, unless times)."""
    words = words.replace("来", "")
    if not any(c in HAN_SCALES for c in words):
        return HAN_DIGITS[words] if len(words) == 1 else None
    if all(c in HAN_SCALES for c in words) and words[0] != "十" and not counted:
        return None
    total = section = digit = 0
    for c in words:
        if c in HAN_DIGITS:
            digit = HAN_DIGITS[c]
        elif HAN_SCALES[c] < 10**4:
            section, digit = section + (digit or 1) * HAN_SCALES[c], 0
        else:
            total, section, digit = (total + section + digit or 1) * HAN_SCALES[c], 0, 0
    return total + section + digit
