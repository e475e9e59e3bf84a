"""What a Chinese translation must carry over from the English, and what goes wrong in Chinese Markdown.

`compare(english, chinese)` and `traps(chinese)` return complaints in words; an empty list is good.
Both read the text with the parser that builds the site, so they see what the reader will see.
"""

import re
from collections import Counter, defaultdict
from functools import lru_cache

import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

HAN = "\u3400-\u9fff\uf900-\ufaff"
# Chinese characters, and the punctuation that is as wide as they are.
WIDE = HAN + "，。；：！？、（）《》「」『』【】“”‘’—…"
EXTENSIONS = ("amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath", "html_image",
              "linkify", "substitution", "tasklist")

# Directives by what the translator may change in them. Elsewhere the argument must stay, the body is prose.
TITLED = re.compile(
    r"admonition|note|tip|hint|warning|important|caution|danger|attention|seealso|exercise|dropdown|card"
    r"|grid-item-card|tab-item|topic|sidebar|margin|epigraph|table|list-table|rubric|prf:(?!ref).*"
)
FIXED = {"raw", "code", "code-block", "code-cell", "eval-rst", "explorable", "bibliography", "include",
         "literalinclude", "toctree", "terms", "glue:figure", "glue:math", "glue"}
TEXT_OPTIONS = {"alt", "caption", "title", "header", "footer", "button"}
LABEL_OPTIONS = {"label", "name"}
TEXT_ROLES = {"abbr", "term", "kbd", "sub", "sup", "guilabel", "menuselection"}
ORDERED = ("heading levels", "directives", "labels")


@lru_cache
def parser(extensions=EXTENSIONS):
    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


def collect(text):
    """Everything in `text` that a translation must keep, by kind, and its visible lines under "text"."""
    got = defaultdict(list)
    collect_blocks(text, got)
    return got


def collect_blocks(text, got):
    for token in parser().parse(text):
        kind = token.type
        if kind == "inline":
            collect_inline(token.children or [], got)
        elif kind == "heading_open":
            got["heading levels"].append(int(token.tag[1]))
        elif kind in ("fence", "colon_fence"):
            collect_fence(token, got)
        elif kind in ("math_block", "math_block_label", "amsmath"):
            got["maths"].append(plain_maths(token.content))
            got["labels"] += [token.info] if kind == "math_block_label" else []
        elif kind == "myst_target":
            got["labels"].append(token.content)
        elif kind == "html_block":
            collect_html(token.content, got)
        elif kind == "front_matter":
            got["front matter"] += front_matter(token.content, got)
        elif kind in ("list_item_open", "th_open", "td_open", "blockquote_open", "hr", "dt_open", "dd_open"):
            got[kind.removesuffix("_open").replace("_", " ") + "s"].append("one")
        elif kind == "footnote_reference_open":
            got["footnotes"].append(token.meta["label"])


def collect_inline(tokens, got):
    for token in tokens:
        kind = token.type
        if kind == "code_inline":
            got["inline code"].append(token.content)
        elif kind.startswith("math_inline"):
            got["maths"].append(plain_maths(token.content))
        elif kind == "myst_role":
            got["roles"].append(role(token))
        elif kind == "link_open":
            got["links"].append(token.attrs["href"])
        elif kind == "image":
            got["images"].append(token.attrs["src"])
            got["text"].append(token.content)
        elif kind == "html_inline":
            collect_html(token.content, got)
        elif kind == "footnote_ref":
            got["footnotes"].append(token.meta["label"])
        elif kind == "substitution_inline":
            got["substitutions"].append(token.content)
    got["text"].append(flat(tokens))


def role(token):
    """`{ref}`words <target>`` keeps its target; the words are the translator's."""
    name, content = token.meta["name"], token.content
    if name in TEXT_ROLES:
        return f"{{{name}}}"
    target = re.search(r"<([^<>]+)>\s*$", content)
    return f"{{{name}}}`{target[1] if target else content}`"


def plain_maths(source):
    """Without spaces, and without the words inside \\text{…}, which may be translated."""
    source = re.sub(r"\\(text|mbox)\{[^{}]*\}", r"\\text{}", source)
    return re.sub(r"\s+", "", source)


def collect_html(source, got):
    for tag, attributes in re.findall(r"<(/?\w[\w-]*)([^>]*)>", source):
        kept = re.sub(r'\s+(alt|title|aria-label|placeholder)="[^"]*"', "", attributes)
        got["HTML tags"].append(f"<{tag}{kept.rstrip()}>")
    got["text"].append(re.sub(r"<!--.*?-->|<[^>]*>", " ", source, flags=re.S))


def front_matter(source, got, texts=("title", "description", "keywords")):
    """`key = value` for every leaf; values under a key that speaks to the reader count as text."""
    def leaves(value, path):
        if isinstance(value, dict):
            return [leaf for key, item in value.items() for leaf in leaves(item, (*path, str(key)))]
        if any(word in path[-1] for word in texts):
            got["text"].append(str(value))
            return [".".join(path)]
        return [f"{'.'.join(path)} = {value}"]

    return leaves(yaml.safe_load(source) or {}, ())


def collect_fence(token, got):
    directive = re.match(r"\{([^}]+)\}\s*(.*)", token.info)
    if not directive:
        got["code blocks"].append(f"{token.info}\n{token.content.rstrip()}")
        return
    name, argument = directive.groups()
    got["directives"].append(name)
    if TITLED.fullmatch(name):
        collect_blocks(argument, got)
    elif argument:
        got["directive arguments"].append(f"{{{name}}} {argument}")
    options, body = split_options(token.content)
    for key, value in options:
        if key in LABEL_OPTIONS:
            got["labels"].append(value)
        elif key in TEXT_OPTIONS:
            got["directive options"].append(f":{key}:")
            collect_blocks(value, got)
        else:
            got["directive options"].append(f":{key}: {value}".rstrip())
    collect_body(name, body, got)


def split_options(content):
    """The leading `:key: value` lines of a directive, and the rest."""
    lines = content.split("\n")
    options = []
    while lines and (line := re.match(r":([\w-]+):\s*(.*)", lines[0])):
        options.append(line.groups())
        lines.pop(0)
    return options, "\n".join(lines)


def collect_body(name, body, got):
    if name == "math":
        got["maths"].append(plain_maths(body))
    elif name == "diagram":
        got["diagrams"].append(diagram_shape(body))
        got["text"] += re.findall(LABELS, body)
    elif name in FIXED:
        got["directive bodies"].append(body.strip())
    else:
        collect_blocks(body, got)


LABELS = r'(?:"[^"\n]*"|\|[^|\n]*\||\[[^\]\n]*\]|\{[^}\n]*\}|\([^)\n]*\))'


def diagram_shape(source):
    """Mermaid source with every label emptied: nodes and arrows are what must agree."""
    return re.sub(r"\s+", " ", re.sub(LABELS, lambda m: m[0][0] + m[0][-1], source)).strip()


def flat(tokens):
    """The visible characters of an inline run; maths, code and roles count as one Latin letter."""
    out = []
    for token in tokens:
        if token.type == "text":
            out.append(token.content)
        elif token.type == "softbreak":
            out.append("\n")
        elif token.type in ("code_inline", "myst_role", "footnote_ref") or token.type.startswith("math"):
            out.append("\u200bx\u200b" if token.type != "footnote_ref" else "")
    return "".join(out)


def visible(got):
    """All the words a reader sees, without the stand-ins for maths and code."""
    return re.sub("\u200bx\u200b", " ", "\n".join(got["text"]))


def translatable(english):
    """False for text without words, such as a cell that only closes a solution: it is copied."""
    return bool(re.search(r"[^\W\d_]{2,}", visible(collect(english))))


def numbers(text):
    """Numbers of two digits or more; those before million, billion … change their digits in Chinese."""
    found = re.findall(r"(?<![\w.])(\d[\d,]*\.?\d*)(?!\.?\w)(?!\s*(?:thousand|[mbt]r?illion))", text)
    plain = {n.replace(",", "").rstrip(".") for n in found}
    return {n for n in plain if len(n) > 1 and not re.fullmatch(r"0\d", n)}  # chapter 06 is 第 6 章


def compare(english, chinese):
    """What the Chinese lost or added."""
    en, zh = collect(english), collect(chinese)
    wrong = []
    for kind in sorted((en.keys() | zh.keys()) - {"text"}):
        if kind in ORDERED and en[kind] != zh[kind] and Counter(en[kind]) == Counter(zh[kind]):
            wrong.append(f"{kind}: in another order than the English")
        missing, extra = Counter(en[kind]) - Counter(zh[kind]), Counter(zh[kind]) - Counter(en[kind])
        for word, counter in (("missing", missing), ("not in the English", extra)):
            if counter:
                wrong.append(f"{kind}: {word}: " + " · ".join(str(x) for x in counter.elements()))
    lost = numbers(visible(en)) - {n.replace(",", "") for n in re.findall(r"\d[\d,]*\.?\d*", visible(zh))}
    if lost:
        wrong.append(f"numbers: missing: {', '.join(sorted(lost))}")
    return wrong + untranslated(english, chinese)


def untranslated(english, chinese):
    """No Chinese at all, or a whole sentence left in English."""
    if not translatable(english):
        return []
    shown = visible(collect(chinese))
    if not re.search(f"[{HAN}]", shown):
        return ["no Chinese text"]
    lines = [line.strip() for line in re.split(r"[\n。！？；]", shown)]
    return [f"left in English: “{line[:60]}…”" for line in lines
            if not re.search(f"[{HAN}]", line) and len(re.findall(r"[A-Za-z]{2,}", line)) > 7]


def traps(chinese):
    """Markup that does not do in Chinese what its author meant."""
    wrong = []
    for inline in inline_runs(chinese):
        wrong += text_traps(flat(inline))
        wrong += link_traps(inline)
    return wrong


def inline_runs(text):
    """The inline tokens of every paragraph, those inside prose directives included."""
    for token in parser().parse(text):
        if token.type == "inline":
            yield token.children or []
        directive = re.match(r"\{([^}]+)\}\s*(.*)", token.info) if "fence" in token.type else None
        if directive and directive[1] not in FIXED | {"math", "diagram"}:
            options, body = split_options(token.content)
            words = [value for key, value in options if key in TEXT_OPTIONS]
            for part in [directive[2] if TITLED.fullmatch(directive[1]) else "", *words, body]:
                yield from inline_runs(part)


def text_traps(text):
    wrong = []
    for mark in re.finditer(r"(\*\*|__|(?<![\s*])\*(?=\S)|\[\^)(?!.*?\1)", text, re.S):  # each kind once
        wrong.append(f"literal {mark[0]} near “{around(text, mark)}”: the markup did not take; "
                     "keep full-width punctuation outside it (**注意**：…)")
    for mark in re.finditer(f"[{WIDE}]\n[{WIDE}]", text):
        wrong.append(f"line break between Chinese characters near “{around(text, mark)}” shows as a space: "
                     "one paragraph a line")
    for mark in re.finditer(f"(?<=[{HAN}])[,;:!?]|[,;:!?](?=[{HAN}])|(?<=[{HAN}])\\.(?=\\s|$)", text):
        wrong.append(f"half-width {mark[0]} near “{around(text, mark)}”: write the full-width one")
    for mark in re.finditer(f'"(?=[{HAN}])|(?<=[{HAN}])"', text):
        wrong.append(f"straight quotation mark near “{around(text, mark)}”: write “…”")
    return wrong


def around(text, mark, width=8):
    piece = text[max(0, mark.start() - width):mark.end() + width]
    return piece.replace("\u200b", "").replace("\n", "⏎").strip()


def link_traps(tokens):
    """A bare address swallows the Chinese punctuation that follows it."""
    swallowed = [t for t in tokens if t.type == "link_open" and t.markup == "linkify"
                 and re.search(r"%E[2-9A-F]%|%EF%", t.attrs["href"])]
    return [f"bare address runs into Chinese: {t.attrs['href'][:40]}…: write <https://…>" for t in swallowed]


def sections(text):
    """A page cut at its headings; a `(label)=` line belongs to the heading that follows it."""
    lines = text.split("\n")
    cuts, label = [], None
    for token in parser().parse(text):
        if token.level:
            continue
        if token.type == "myst_target":
            label = token.map[0] if label is None else label
        elif token.type == "heading_open":
            cuts.append(token.map[0] if label is None else label)
        if token.type != "myst_target":
            label = None
    starts = sorted({0, *cuts})
    if len(starts) > 1 and not "".join(lines[:starts[1]]).strip():
        starts.pop(0)  # nothing before the first heading
        starts[0] = 0
    return ["\n".join(lines[a:b]).strip("\n") for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]


def headings(text):
    """[(level, words)] of the headings outside directives."""
    tokens = parser().parse(text)
    return [(int(t.tag[1]), tokens[i + 1].content) for i, t in enumerate(tokens)
            if t.type == "heading_open" and t.level == 0]
