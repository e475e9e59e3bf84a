"""The page around the text: navigation, part and chapter number, buttons, scripts where they are used."""
from __future__ import annotations

import json
import re

import answers
import assets
import book
from sphinx.util import logging

log = logging.getLogger(__name__)


def settings(app, config):
    """Jupyter Book puts repository and launch buttons among its theme's options; ours reads them here."""
    config.fg_options = config.html_theme_options
    config.html_theme_options = {}
    config.html_additional_pages = {"search": "search.html", "404": "404.html"}
    config.html_title = config.html_title or config.project
    config.fg_assets = assets.version(assets.stylesheet(""), assets.theme(), *assets.generated().values())
    sources = sorted((book.ROOT / "site/ext").glob("*.py"))
    config.fg_sources = assets.version(answers.PYTHON, *(p.read_text("utf8") for p in sources))


def no_sphinx_search(app):
    app.builder.search = False  # book_search writes its own index: by section, and for Chinese


# --- numbering: a chapter has the number of its file, so that "Theorem 6.1" never moves -----------

def section_numbers(self, env):
    """In place of Sphinx's numbering by position (the same interface, see TocTreeCollector)."""
    old, env.toc_secnumbers, changed = env.toc_secnumbers, {}, []
    for docname, toc in env.tocs.items():
        if chapter := book.number(docname):
            env.toc_secnumbers[docname] = numbers = {}
            _number(toc, (), chapter, numbers)
            env.titles[docname]["secnumber"] = [chapter]
            if numbers != old.get(docname):
                changed.append(docname)
    return changed


def _number(node, prefix, chapter, numbers):
    """Walk a page's table of contents: the page itself is (6,), its sections (6, 1), (6, 1, 1) …"""
    from docutils import nodes
    from sphinx import addnodes
    count = 0
    for item in node.children:
        if not isinstance(item, nodes.list_item):
            continue
        count += 1
        number = (*prefix, count) if prefix else (chapter,)
        for child in item.children:
            if isinstance(child, addnodes.compact_paragraph):
                shown = number if len(number) < 3 else ()
                numbers[child[0]["anchorname"]] = shown
                child[0]["secnumber"] = list(shown) or None
            elif isinstance(child, nodes.bullet_list):
                _number(child, number, chapter, numbers)


# --- what the template needs ----------------------------------------------------------------------

def navigation(app) -> list[dict]:
    """The parts with their pages, in reading order."""
    env, parts = app.env, []
    for tree in env.external_site_map.root.subtrees:
        pages = [{"docname": name, "title": env.titles[name].astext(), "number": book.number(name),
                  "exercises": answers.count(name.rpartition("/")[2][:2])}
                 for name in map(str, tree.items) if name in env.titles]
        if pages:
            parts.append({"caption": tree.caption, "slug": book.part_slugs().get(pages[0]["docname"], ""),
                          "pages": pages})
    return parts


def widgets(app, pagename) -> list[str]:
    return app.env.metadata.get(pagename, {}).get("fg_widgets", [])


def scripts(app, pagename, body) -> list[str]:
    """Classic scripts in order, all deferred, only where the page needs them."""
    names = ["site.js", "contents.js"]
    if 'class="fg-live"' in body:
        there = [name for name in widgets(app, pagename) if (book.BUNDLES / f"{name}.js").exists()]
        names += [*(f"widgets/{name}.js" for name in there), "live.js"]
    if 'class="fg-python"' in body:
        names.append("python.js")
    if pagename == "search":
        names.append("search.js")
    return names


def context(app, pagename, templatename, context, doctree):
    config, texts, body = app.config, book.texts(app.config), context.get("body", "")
    edition = book.edition(config)
    notebook = app.env.doc2path(pagename).endswith(".ipynb") if pagename in app.env.all_docs else False
    head, opening, rest = body.partition("</h1>")
    folder = book.asset(config, pagename, "")
    parts, book_title = navigation(app), plain(config.html_title)
    here = next((p for p in parts if any(e["docname"] == pagename for e in p["pages"])), None)
    context.update(
        head_title=book_title if pagename == "index" else f"{plain(context.get('title', ''))} · {book_title}",
        t=texts, edition=edition, other_edition={"en": "zh", "zh": "en"}[edition], notebook=notebook,
        parts=parts, author=config.author,
        part=here if pagename != "index" else None, part_slug=book.part_slugs().get(pagename, ""),
        number=book.number(pagename), body_head=head + opening, body_rest=rest if opening else "",
        launch=book.launch(config, pagename) if notebook else None,
        repository=config.fg_options["repository_url"], texts_json=json.dumps(
            {k: texts[k] for k in ("copy", "copied", "old_browser", "theme_dark", "theme_light")},
            ensure_ascii=False),
        asset=lambda name: f"{book.asset(config, pagename, name)}?v={config.fg_assets}",
        icon_path=lambda name: book.asset(config, pagename, name),
        scripts=scripts(app, pagename, body),
        style=assets.stylesheet(folder) + assets.rooms(widgets(app, pagename), edition),
        theme=assets.theme(), theme_allowed=assets.allowed(assets.theme()), assets_folder=folder,
        other=f"{book.up(pagename)}{'../' if edition == 'zh' else 'zh/'}{pagename}.html",
        local_toc=_local_toc(context.get("toc", "")),
        notebook_file=f"{book.up(pagename)}_sources/{pagename}.ipynb",
    )


def plain(markup: str) -> str:
    """The words of a title, safe inside a tag or an attribute."""
    return re.sub(r"<[^>]*>", "", markup).replace('"', "&quot;").strip()


def _local_toc(toc: str) -> str:
    """The page's own headings, without the outermost one (the title)."""
    inner = re.search(r"<li>.*?</a>\s*(<ul>.*</ul>)\s*</li>", toc, re.S)
    return inner[1] if inner else ""


def finish(app, error):
    if not error and app.builder.name == "html" and book.edition(app.config) == "en":
        assets.write(app.outdir)


def setup(app):
    from sphinx_external_toc.collectors import TocTreeCollectorWithStyles
    TocTreeCollectorWithStyles.assign_section_numbers = section_numbers
    app.add_config_value("fg_options", {}, "env")
    app.add_config_value("fg_assets", "", "html")   # a changed script or style: write every page again
    app.add_config_value("fg_sources", "", "env")   # a changed extension: read every page again
    app.connect("config-inited", settings, priority=950)
    app.connect("builder-inited", no_sphinx_search)
    app.connect("html-page-context", context, priority=800)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
