"""Keep the Chinese edition in step with the English one.

    sync                    copy code, order and tags into zh/; new text arrives in English, marked
    check [--strict]        fail when zh/ is out of step; --strict: also when a translation is behind
    accept FILE [CELL …]    the Chinese of these cells (or of all) is up to date with the English
    export FILE [-o TEXT]   both languages side by side in one text file, to translate in
    import TEXT             put the translated text file back, and accept what was translated
    stage                   write _build/src/en and _build/src/zh, which Jupyter Book builds

English is the source: `chapters/*.ipynb`, `chapters/*.md` and `index.md`, as listed in `_toc.yml`.
`zh/` holds the same files. Of a notebook, only Markdown cells and the alt text and caption of figures
differ; each carries the hash of the English that it translates, in the cell's metadata (`i18n`). A Markdown
page is treated as a list of sections, whose hashes stand in its first line: `% en: 1f0a… 77b2…`.
`_build/i18n` receives the exports.
"""

import argparse
import copy
import difflib
import hashlib
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent))
import i18n_rules as rules
import i18n_terms

ROOT = Path(__file__).resolve().parent.parent
# The one line of code that differs: checks answer in the notebook's language.
CHECK = re.compile(r"^from firstgrad\.book import (?=.*\bcheck\b)", re.M)
# The translatable values in a code cell's metadata.
FIGURE_TEXTS = {"alt": ("mystnb", "image", "alt"), "caption": ("mystnb", "figure", "caption")}
UNTRANSLATED = "-"  # stands where the hash will stand
TOP = "top of the page"  # in place of a heading, above the first
NOTICE = {
    "stale": ":::{admonition} 英文原文已更新\n:class: caution i18n-notice\n"
             "本节译文尚未跟上英文版，内容以英文版为准。\n:::",
    "untranslated": ":::{admonition} 尚未翻译\n:class: caution i18n-notice\n本节暂以英文显示。\n:::",
}


class TranslationError(Exception):
    """The project or a translator's file cannot be used; the message says where and why."""


@dataclass
class Piece:
    """One translatable text: a Markdown cell, a section of a page, or a figure's alt text or caption."""

    id: str
    kind: str  # "prose", "alt" or "caption"
    heading: str  # the English heading above it
    en: str
    zh: str
    hash: str  # of the English which `zh` translates

    @property
    def state(self):
        if not needs_translation(self.en, self.kind):
            return "ok" if self.zh == self.en else "stale"
        if self.hash == digest(self.en):
            return "ok"
        return "untranslated" if self.hash in ("", UNTRANSLATED) else "stale"

    @property
    def key(self):
        return self.id if self.kind == "prose" else f"{self.id}:{self.kind}"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def needs_translation(english, kind="prose"):
    return bool(re.search(r"[^\W\d_]{2,}", english)) if kind == "alt" else rules.translatable(english)


# --- the pages -------------------------------------------------------------------------------------

def pages(root=ROOT):
    """Paths of all pages, in the order of `_toc.yml`."""
    found = []
    for name in toc_files(yaml.safe_load((root / "_toc.yml").read_text("utf-8"))):
        path = next((name + end for end in (".ipynb", ".md") if (root / (name + end)).exists()), None)
        if path is None:
            raise TranslationError(f"_toc.yml: there is neither {name}.ipynb nor {name}.md")
        found.append(path)
    return found


def toc_files(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("file", "root"):
                yield value
            else:
                yield from toc_files(value)
    elif isinstance(node, list):
        for value in node:
            yield from toc_files(value)


def read_notebook(path):
    try:
        return nbformat.v4.reads(path.read_text("utf-8"))  # v4's own: no id is invented where one is missing
    except ValueError as error:
        raise TranslationError(f"{path}: not a notebook ({error})") from None


def dumps(notebook):
    """One spelling for every notebook: sorted keys, one line of text a line of JSON."""
    return nbformat.v4.writes(notebook) + "\n"


def read_page(path):
    """(hashes, sections) of a Chinese page."""
    text = path.read_text("utf-8")
    first = re.match(r"% en:(.*)\n", text)
    return (first[1].split() if first else []), rules.sections(text[first.end():] if first else text)


def write_page(hashes, sections):
    return f"% en: {' '.join(hashes)}\n" + "\n\n".join(sections) + "\n"


# --- what the Chinese file should be ---------------------------------------------------------------

def synced(rel, root=ROOT):
    """The Chinese file as it should stand, and the English pieces' translations in it: (text, pieces)."""
    if rel.endswith(".md"):
        return synced_page(rel, root)
    notebook = synced_notebook(rel, root)
    return dumps(notebook), notebook_pieces(read_notebook(root / rel), notebook)


def synced_notebook(rel, root):
    english = read_notebook(root / rel)
    path = root / "zh" / rel
    old = read_notebook(path).cells if path.exists() else []
    chinese = copy.deepcopy(english)
    chinese.metadata.pop("widgets", None)
    by_id = {cell.get("id"): cell for cell in old}
    # A cell whose id changed is found again by the English that it translates.
    known = {cell.get("id") for cell in english.cells}
    orphans = {cell.metadata.get("i18n", {}).get("en"): cell for cell in old if cell.get("id") not in known}
    for cell in chinese.cells:
        cell.metadata.pop("i18n", None)
        twin = by_id.get(cell.get("id")) or orphans.get(digest(cell.source))
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.source = CHECK.sub("from firstgrad.book.zh import ", cell.source)
            keep_figure_texts(cell, twin)
        elif is_prose(cell):
            same_kind = twin is not None and twin.cell_type == "markdown"
            cell.metadata["i18n"] = {"en": hash_of(twin, "en") if same_kind else UNTRANSLATED}
            cell.source = twin.source if same_kind else cell.source
    return chinese


def hash_of(cell, key):
    return (cell or {}).get("metadata", {}).get("i18n", {}).get(key, UNTRANSLATED)


def keep_figure_texts(cell, twin):
    hashes = {}
    for name, path in FIGURE_TEXTS.items():
        if (english := dig(cell.metadata, path)) is None or not needs_translation(english, name):
            continue
        old = dig((twin or {}).get("metadata", {}), path)
        bury(cell.metadata, path, english if old is None else old)
        hashes[name] = UNTRANSLATED if old is None else hash_of(twin, name)
    if hashes:
        cell.metadata["i18n"] = hashes


def dig(mapping, path):
    for key in path:
        mapping = mapping.get(key) if isinstance(mapping, dict) else None
    return mapping


def bury(mapping, path, value):
    for key in path[:-1]:
        mapping = mapping[key]
    mapping[path[-1]] = value


def notebook_pieces(english, chinese):
    heading, found = TOP, []
    for en, zh in zip(english.cells, chinese.cells, strict=True):
        if en.cell_type == "markdown":
            heading = next((words for _, words in rules.headings(en.source)), heading)
            found.append(Piece(en.id, "prose", heading, en.source, zh.source, hash_of(zh, "en")))
            continue
        for name, path in FIGURE_TEXTS.items():
            if (text := dig(en.metadata, path)) is not None:
                found.append(Piece(en.id, name, heading, text, dig(zh.metadata, path), hash_of(zh, name)))
    return found


def synced_page(rel, root):
    """Sections keep their translation by the hash of their English; between equals, by their place."""
    english = rules.sections((root / rel).read_text("utf-8"))
    path = root / "zh" / rel
    hashes, old = read_page(path) if path.exists() else ([], [])
    if len(hashes) != len(old):  # the translator cut the page differently: check says so
        hashes = (hashes + [UNTRANSLATED] * len(old))[:len(old)]
    rows = [(text, UNTRANSLATED) for text in english]
    matcher = difflib.SequenceMatcher(None, hashes, [digest(text) for text in english], autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what in ("equal", "replace"):
            rows[c:d] = [(old[a + i], hashes[a + i]) if a + i < b else rows[c + i] for i in range(d - c)]
    pieces, heading = [], TOP
    for number, (en, (zh, known)) in enumerate(zip(english, rows, strict=True), 1):
        heading = next((words for _, words in rules.headings(en)), heading)
        zh = zh if needs_translation(en) else en
        pieces.append(Piece(f"s{number}", "prose", heading, en, zh, known))
    return write_page([p.hash if needs_translation(p.en) else digest(p.en) for p in pieces],
                      [p.zh for p in pieces]), pieces


# --- commands --------------------------------------------------------------------------------------

def sync(root=ROOT):
    """Write every Chinese file as it should stand; returns the paths that changed."""
    changed = [rel for rel in pages(root) if write(root / "zh" / rel, synced(rel, root)[0])]
    for rel in changed:
        print(f"wrote zh/{rel}")
    return changed


def write(path, text):
    """Write only what changed, so that Sphinx rebuilds only what changed."""
    data = text if isinstance(text, bytes) else text.encode()
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return True


def check(root=ROOT):
    """(errors, behind): complaints about structure and markup, and the texts that are not up to date."""
    try:
        wording = i18n_terms.Wording(i18n_terms.read(root))
    except i18n_terms.TermError as error:
        raise TranslationError(error) from None
    errors, behind = extra_files(root) + i18n_terms.elsewhere(root, wording), []
    for rel in pages(root):
        path = root / "zh" / rel
        if not path.exists():
            errors.append(f"zh/{rel}: missing: run tools/i18n.py sync")
            continue
        text, pieces = synced(rel, root)
        if path.read_text("utf-8") != text:
            errors += [f"zh/{rel}{problem}: run tools/i18n.py sync" for problem in structure(rel, root)]
        for piece in pieces:
            where = f"zh/{rel} [{piece.key}] “{piece.heading}”"
            errors += [f"{where}: {problem}" for problem in wording.complaints(piece.zh)]
            if piece.state == "ok":
                errors += [f"{where}: {problem}" for problem in faults(piece)]
            else:
                behind.append(f"{where}: {piece.state}")
    return errors, behind


def faults(piece):
    """What is wrong with a translation that claims to be up to date."""
    if not needs_translation(piece.en, piece.kind):
        return []
    if piece.kind == "alt":  # plain text, not Markdown
        return [] if re.search(f"[{rules.HAN}]", piece.zh) else ["no Chinese text"]
    return rules.compare(piece.en, piece.zh) + rules.traps(piece.zh)


def structure(rel, root):
    """How the Chinese file's frame differs from the English: what sync would change."""
    if rel.endswith(".md"):
        english = rules.sections((root / rel).read_text("utf-8"))
        hashes, chinese = read_page(root / "zh" / rel)
        if len(english) != len(chinese) or len(hashes) != len(chinese):
            return [f": {len(chinese)} sections and {len(hashes)} hashes, {len(english)} in the English"]
        return [": differs in its frame"]
    english = {c.get("id"): c for c in read_notebook(root / rel).cells}
    chinese = {c.get("id"): c for c in read_notebook(root / "zh" / rel).cells}
    wrong = [f" [{key}]: the cell is missing" for key in english if key not in chinese]
    wrong += [f" [{key}]: no such cell in the English" for key in chinese if key not in english]
    both = [key for key in english if key in chinese]
    if both != [key for key in chinese if key in english]:
        wrong.append(": cells in another order")
    for key in both:
        if english[key].source != chinese[key].source and not is_prose(english[key]):
            wrong.append(f" [{key}]: the {english[key].cell_type} differs")
    wrong += [f" [{key}]: carries outputs" for key in both if chinese[key].get("outputs")]
    return wrong or [": tags, metadata or spelling differ"]


def is_prose(cell):
    return cell.cell_type == "markdown" and needs_translation(cell.source)


def extra_files(root):
    wanted = set(pages(root))
    found = [p for p in (root / "zh").rglob("*") if p.suffix in (".ipynb", ".md")
             and ".ipynb_checkpoints" not in p.parts]
    return [f"zh/{rel}: no such page in _toc.yml" for p in found
            if (rel := p.relative_to(root / "zh").as_posix()) not in wanted]


def english_of(file, root):
    """The page's path in the book, given its English or its Chinese file."""
    path = Path(file).resolve()
    base = root / "zh" if path.is_relative_to(root / "zh") else root
    rel = path.relative_to(base).as_posix() if path.is_relative_to(base) else str(file)
    if rel not in pages(root):
        raise TranslationError(f"{file}: not a page of the book (see _toc.yml)")
    return rel


def accept(file, keys=(), root=ROOT):
    """Mark translations as up to date, except those with faults; returns (accepted keys, complaints)."""
    rel = english_of(file, root)
    pieces = synced(rel, root)[1]
    unknown = set(keys) - {p.key for p in pieces} - {p.id for p in pieces}
    if unknown:
        raise TranslationError(f"{file}: no cell {', '.join(sorted(unknown))}")
    accepted, complaints = {}, []
    for piece in pieces:
        if keys and piece.key not in keys and piece.id not in keys:
            continue
        wrong = faults(piece)
        complaints += [f"zh/{rel} [{piece.key}] “{piece.heading}”: {problem}" for problem in wrong]
        if not wrong and needs_translation(piece.en, piece.kind):
            accepted[piece.key] = piece.zh
    store(rel, accepted, root)
    return list(accepted), complaints


def store(rel, translations, root):
    """Write these translations (key → Chinese) with the hash of the present English."""
    if rel.endswith(".md"):
        pieces = synced_page(rel, root)[1]
        for piece in pieces:
            if piece.key in translations:
                piece.zh, piece.hash = translations[piece.key], digest(piece.en)
        hashes = [p.hash if needs_translation(p.en) else digest(p.en) for p in pieces]
        write(root / "zh" / rel, write_page(hashes, [p.zh for p in pieces]))
        return
    notebook = synced_notebook(rel, root)
    cells = {cell.id: cell for cell in notebook.cells}
    for piece in notebook_pieces(read_notebook(root / rel), notebook):
        if piece.key not in translations:
            continue
        cell, text = cells[piece.id], translations[piece.key]
        if piece.kind == "prose":
            cell.source, cell.metadata["i18n"] = text, {"en": digest(piece.en)}
        else:
            bury(cell.metadata, FIGURE_TEXTS[piece.kind], text)
            cell.metadata.setdefault("i18n", {})[piece.kind] = digest(piece.en)
    write(root / "zh" / rel, dumps(notebook))


# --- translating in one text file ------------------------------------------------------------------

GUIDE = """@@@ {rel}
Translate in place: change only the text below a “@@@ zh” line. Code is here to be read.
What you change is accepted when you import the file. Where a translation that is “stale” is still right,
write “ok” in place of “stale” on its line.
"""


def export(file, root=ROOT):
    """Both languages side by side, cell by cell, with the code for context."""
    rel = english_of(file, root)
    by_cell = {}
    for piece in synced(rel, root)[1]:
        by_cell.setdefault(piece.id, []).append(piece)
    order = list(by_cell) if rel.endswith(".md") else [c.id for c in read_notebook(root / rel).cells]
    code = {} if rel.endswith(".md") else {c.id: c.source for c in read_notebook(root / rel).cells
                                           if c.cell_type == "code"}
    parts = [GUIDE.format(rel=rel)]
    for cell in order:
        if cell in code:
            parts.append(f"@@@ code {cell}\n{code[cell]}\n")
        for piece in by_cell.get(cell, ()):
            if needs_translation(piece.en, piece.kind):
                parts.append(f"@@@ en {piece.key}\n{piece.en}\n")
                parts.append(f"@@@ zh {piece.key} {piece.state}\n{piece.zh}\n")
    return "\n".join(parts)


def import_text(text, root=ROOT):
    """Put a translated export back; returns (accepted keys, complaints)."""
    blocks = re.split(r"^@@@ (.*)\n", text, flags=re.M)[1:]
    heads, bodies = blocks[::2], [body.strip("\n") for body in blocks[1::2]]
    if not heads or heads[0] not in pages(root):
        raise TranslationError("the text does not begin with “@@@ path/of/the/page”: was it exported?")
    rel = heads[0]
    pieces = {piece.key: piece for piece in synced(rel, root)[1]}
    english = {h.split()[1]: b for h, b in zip(heads, bodies, strict=True) if h.startswith("en ")}
    accepted, complaints = {}, []
    for head, body in zip(heads, bodies, strict=True):
        if not head.startswith("zh "):
            continue
        key, state = [*head.split(), ""][1:3]
        piece = pieces.get(key)
        if piece is None or english.get(key) != piece.en.strip("\n"):
            complaints.append(f"[{key}]: the English has changed since the export; export again")
        elif body != piece.zh.strip("\n") or (state == "ok" and piece.state == "stale"):
            piece.zh = body
            wrong = faults(piece)
            complaints += [f"zh/{rel} [{key}] “{piece.heading}”: {problem}" for problem in wrong]
            accepted |= {} if wrong else {key: body}
    store(rel, accepted, root)
    return list(accepted), complaints


# --- staging ---------------------------------------------------------------------------------------

def stage(root=ROOT, out=None):
    """Write the two source trees that Jupyter Book builds; returns {language: folder}."""
    out = out or root / "_build" / "src"
    trees = {"en": english_tree(root), "zh": chinese_tree(root)}
    for language, files in trees.items():
        folder = out / language
        for path in [p for p in folder.rglob("*") if p.is_file()]:
            if path.relative_to(folder).as_posix() not in files:
                path.unlink()
        for rel, text in files.items():
            write(folder / rel, text)
    return {language: out / language for language in trees}


def english_tree(root):
    files = {rel: (root / rel).read_bytes() for rel in [*pages(root), *assets(root)]}
    files["_config.yml"] = spell(config(root))
    files["_toc.yml"] = (root / "_toc.yml").read_bytes()
    return files


def chinese_tree(root):
    overlay = read_overlay(root)
    files = {rel: (root / rel).read_bytes() for rel in assets(root)}
    files |= {rel: (root / "zh" / rel).read_bytes() for rel in assets(root / "zh")}
    files |= {rel: staged_page(rel, root) if rel.endswith(".md") else staged_notebook(rel, root)
              for rel in pages(root)}
    captions = overlay.pop("captions", {})
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    files["_config.yml"] = spell(chinese_config(config(root), overlay))
    files["_toc.yml"] = spell(translate_captions(toc, captions))
    return files


def assets(root):
    """What pages refer to: the bibliography, and pictures and the like beside the chapters."""
    found = [root / "references.bib"] if (root / "references.bib").exists() else []
    found += [p for p in sorted((root / "chapters").rglob("*")) if p.is_file()]
    return [rel for p in found if not (rel := p.relative_to(root).as_posix()).endswith((".ipynb", ".md"))
            and not re.search(r"(^|/)[._]", rel)]


def config(root=ROOT):
    return yaml.safe_load((root / "_config.yml").read_text("utf-8"))


def read_overlay(root):
    path = root / "zh" / "_overlay.yml"
    return (yaml.safe_load(path.read_text("utf-8")) or {}) if path.exists() else {}


def chinese_config(english, overlay):
    """The overlay over `_config.yml`; the public address gets `zh/` unless the overlay names another."""
    merged = merge(copy.deepcopy(english), overlay)
    base = english.get("html", {}).get("baseurl")
    if base and "baseurl" not in overlay.get("html", {}):
        merged["html"]["baseurl"] = base.rstrip("/") + "/zh/"
    merged.setdefault("repository", {}).setdefault("path_to_book", "")
    if "path_to_book" not in overlay.get("repository", {}):
        merged["repository"]["path_to_book"] = "zh"  # Colab opens the Chinese notebook
    return merged


def merge(base, over):
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        base[key] = merge(base[key], value) if both else value
    return base


def translate_captions(node, captions):
    if isinstance(node, dict):
        return {key: caption_of(value, captions) if key in ("caption", "title")
                else translate_captions(value, captions) for key, value in node.items()}
    return [translate_captions(value, captions) for value in node] if isinstance(node, list) else node


def caption_of(english, captions):
    if english not in captions:
        raise TranslationError(f"zh/_overlay.yml: captions lacks “{english}”, which stands in _toc.yml")
    return captions[english]


def staged_page(rel, root):
    _, pieces = synced_page(rel, root)
    return "\n\n".join(with_notice(piece.zh, piece.state) for piece in pieces) + "\n"


def staged_notebook(rel, root):
    """Chinese text, English outputs and widget state."""
    english, chinese = read_notebook(root / rel), synced_notebook(rel, root)
    states = {p.id: p.state for p in notebook_pieces(english, chinese) if p.kind == "prose"}
    for en, zh in zip(english.cells, chinese.cells, strict=True):
        zh.metadata.pop("i18n", None)
        if en.cell_type == "code":
            zh.outputs, zh.execution_count = en.outputs, en.execution_count
        else:
            zh.source = with_notice(zh.source, states.get(en.id, "ok"))
    if "widgets" in english.metadata:
        chinese.metadata["widgets"] = english.metadata["widgets"]
    return dumps(chinese)


def with_notice(text, state):
    """A visible word to the reader, below the heading if there is one."""
    if state == "ok":
        return text
    lines = text.split("\n")
    ends = [t.map[1] for t in rules.parser().parse(text) if t.type == "heading_open" and t.level == 0]
    front = next((t.map[1] for t in rules.parser().parse(text) if t.type == "front_matter"), 0)
    at = ends[0] if ends else front
    return "\n".join([*lines[:at], "", NOTICE[state], "", *lines[at:]]).strip("\n")


def spell(value):
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=1000)


# --- command line ----------------------------------------------------------------------------------

def run_check(strict):
    errors, behind = check()
    for line in errors:
        print(f"✗ {line}")
    for line in behind:
        print(f"○ {line}")
    print(f"{len(pages())} pages, {len(errors)} errors, {len(behind)} texts behind the English")
    return 1 if errors or (strict and behind) else 0


def report(accepted, complaints):
    for line in complaints:
        print(f"✗ {line}")
    print(f"{len(accepted)} accepted, {len(complaints)} complaints")
    return 1 if complaints else 0


def run_export(options):
    rel = english_of(options.file, ROOT)
    path = Path(options.output) if options.output else ROOT / "_build" / "i18n" / f"{Path(rel).stem}.txt"
    if path.exists() and not options.force:
        raise TranslationError(f"{path}: exists and may hold work: import it or add --force")
    write(path, export(options.file))
    print(f"wrote {path}")


def run_import(path):
    result = report(*import_text(Path(path).read_text("utf-8")))
    if not result and Path(path).resolve().is_relative_to(ROOT / "_build" / "i18n"):
        shutil.move(path, f"{path}.done")
    return result


def arguments(argv):
    parser = argparse.ArgumentParser(description="Keep the Chinese edition in step with the English one.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sync", help="copy code, order and tags into zh/")
    commands.add_parser("stage", help="write _build/src/en and _build/src/zh")
    checking = commands.add_parser("check", help="fail when zh/ is out of step")
    checking.add_argument("--strict", action="store_true", help="also when a translation is behind")
    accepting = commands.add_parser("accept", help="these cells are up to date")
    accepting.add_argument("file")
    accepting.add_argument("cells", nargs="*", metavar="CELL")
    exporting = commands.add_parser("export", help="both languages side by side in a text file")
    exporting.add_argument("file")
    exporting.add_argument("-o", "--output")
    exporting.add_argument("--force", action="store_true", help="overwrite an earlier export")
    commands.add_parser("import", help="put an export back").add_argument("file")
    return parser.parse_args(argv)


def main(argv=None):
    options = arguments(argv)
    try:
        match options.command:
            case "sync":
                sync()
            case "check":
                return run_check(options.strict)
            case "accept":
                return report(*accept(options.file, options.cells))
            case "export":
                run_export(options)
            case "import":
                return run_import(options.file)
            case "stage":
                stage()
    except TranslationError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
