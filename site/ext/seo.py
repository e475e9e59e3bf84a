"""Addresses for machines: canonical, both languages, Open Graph, sitemap; all from _config.yml's address."""
from __future__ import annotations

import pathlib
import re
from xml.sax.saxutils import escape, quoteattr

import book
from docutils import nodes

TAGS = {"en": "en", "zh": "zh-CN"}
LOCALES = {"en": "en_GB", "zh": "zh_CN"}
NOT_INDEXED = {"search", "404", "genindex"}


def describe(app, doctree):
    """A page's description: its front matter's, or its first paragraph, cut at a sentence or a word."""
    meta = app.env.metadata[app.env.docname]
    given = next((field[1].astext() for field in doctree.findall(nodes.field)
                  if field[0].astext() == "description"), "")
    first = next((p for p in doctree.findall(nodes.paragraph)
                  if isinstance(p.parent, nodes.section | nodes.container)
                  and not p.parent.get("nb_element") and len(plain(p)) > 20), None)
    meta["fg_description"] = given or shortened(plain(first) if first is not None else "")


def plain(node) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\\[a-z]+|[{}$]", "", node.astext())).strip()


def shortened(text: str, limit: int = 155) -> str:
    if len(text) <= limit:
        return text
    head = text[:limit]
    stop = max(head.rfind(s) for s in (". ", "。", "！", "？", "! ", "? "))
    if stop > limit // 3:
        return head[:stop + 1].strip()
    return head[:max(head.rfind(" "), limit - 15)].rstrip() + "…"


def context(app, pagename, templatename, context, doctree):
    config = app.config
    indexed = pagename not in NOT_INDEXED
    context.update(
        indexed=indexed, description=app.env.metadata.get(pagename, {}).get("fg_description", ""),
        canonical=book.page_address(config, pagename), locale=LOCALES[book.edition(config)],
        other_locale=LOCALES["en" if book.edition(config) == "zh" else "zh"],
        alternates=[(TAGS[e], book.page_address(config, pagename, e)) for e in TAGS]
        + [("x-default", book.page_address(config, pagename, "en"))] if indexed else [],
        og_image=f"{book.address(config)}assets/social.png",
        root_address=book.address(config) + ("zh/" if book.edition(config) == "zh" else ""))


def sitemap(base: str, pages: list[str]) -> str:
    """Every page of both editions, each naming its twin."""
    def entry(page, folder):
        twins = (("en", base + page), ("zh-CN", f"{base}zh/{page}"))
        links = "".join(f'<xhtml:link rel="alternate" hreflang="{tag}" href={quoteattr(address)}/>'
                        for tag, address in twins)
        return f"<url><loc>{escape(base + folder + page)}</loc>{links}</url>"
    rows = "\n".join(entry(page, folder) for page in pages for folder in ("", "zh/"))
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
            f'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{rows}\n</urlset>\n')


def write_site_files(site: pathlib.Path) -> None:
    """sitemap.xml and robots.txt at the root, over both editions."""
    import yaml
    base = yaml.safe_load((book.ROOT / "_config.yml").read_text("utf8"))["html"]["baseurl"].rstrip("/") + "/"
    twins = {p.relative_to(site / "zh").as_posix() for p in (site / "zh").rglob("*.html")}
    found = sorted(p for p in twins if pathlib.Path(p).stem not in NOT_INDEXED and (site / p).exists())
    pages = ["" if p == "index.html" else p for p in found]
    (site / "sitemap.xml").write_text(sitemap(base, pages), "utf8")
    (site / "robots.txt").write_text(f"User-agent: *\nAllow: /\n\nSitemap: {base}sitemap.xml\n", "utf8")


def setup(app):
    app.connect("doctree-read", describe, priority=300)
    app.connect("html-page-context", context, priority=810)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
