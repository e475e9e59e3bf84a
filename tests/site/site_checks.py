"""What must hold of every page. Each check returns complaints as a list of lines, empty when all is well,
so that test_the_checks.py can show each of them a broken page and see it complain.
"""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "widgets/node_modules/axe-core/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LANGUAGES = {"en": "en", "zh": "zh-CN"}
UNLISTED = ["search", "404"]  # pages that are made for readers, not for search engines
HAN = re.compile(r"[\u3400-\u9fff]")


# --- which pages there are ------------------------------------------------------------------------

def contents():
    """The pages of the table of contents, the first page first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def paths(names=None):
    """Addresses below the site's root, both editions."""
    names = [*contents(), *UNLISTED] if names is None else names
    return [f"{folder}{name}.html" for name in names for folder in ("", "zh/")]


def edition(path):
    return "zh" if path.startswith("zh/") else "en"


def twin(path):
    return path.removeprefix("zh/") if edition(path) == "zh" else f"zh/{path}"


def address():
    """The public address, from the one place that holds it."""
    return yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["html"]["baseurl"].rstrip("/") + "/"


def in_language(text, language):
    """Is this text Chinese, or is it free of Chinese?"""
    return bool(HAN.search(text)) == (language == "zh")


def none(complaints):
    """No complaints; else all of them, a line each."""
    assert not complaints, "\n".join(sorted(set(complaints)))


# --- what a browser sees --------------------------------------------------------------------------

class Watch:
    """What goes wrong while a page lives: console, exceptions, requests that fail or go elsewhere."""

    def __init__(self, page, home):
        self.home, self.complaints, self.requests = home, [], []
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("request", self.on_request)
        page.on("requestfailed", self.on_failed)
        page.on("response", self.on_response)

    def on_console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def on_request(self, request):
        self.requests.append(request.url)
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.complaints.append(f"request to elsewhere: {request.url}")

    def on_failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # the reader left the page, or took a download
            self.complaints.append(f"request failed: {request.url} ({request.failure})")

    def on_response(self, response):
        if response.status >= 400:
            self.complaints.append(f"HTTP {response.status}: {response.url}")

    def take(self):
        """The complaints so far, and begin anew."""
        taken, self.complaints = self.complaints, []
        return taken


def ready(page):
    """Wait until every explorable is alive, and fonts and pictures are loaded."""
    page.evaluate("document.fonts.ready.then(() => 0)")
    for live in page.locator(".fg-live[data-widget]").all():
        wake(live)
    page.evaluate("""Promise.all([...document.images].filter((i) => i.checkVisibility()).map((i) => {
        i.loading = "eager"; return i.decode().catch(() => 0); })).then(() => 0)""")


def wake(live):
    """Scroll an explorable into view and wait until it has drawn itself."""
    live.scroll_into_view_if_needed()
    live.locator(".fg-explorable[data-ready=yes]").wait_for(timeout=20000)
    assert live.get_attribute("data-live") == "yes"


def axe(page, within=None):
    """Violations of WCAG 2.2 AA and of axe's best practices, on the page or within a place."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE.read_text("utf8"))
    page.evaluate("Promise.allSettled(document.getAnimations().map((a) => a.finished)).then(() => 0)")
    if within:  # what has been scrolled under the page's head counts as covered
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    found = page.evaluate("""async ([where, runOnly]) => {
        const {violations} = await axe.run(where ?? document, {runOnly, resultTypes: ["violations"]});
        const why = (node) => node.any[0]?.message ?? node.failureSummary;
        return violations.map((v) => [v.id, v.nodes.map((node) => `${node.target.join(" ")}: ${why(node)}`)]);
    }""", [within, {"type": "tag", "values": AXE_TAGS}])
    return [f"axe {rule}: {node}" for rule, nodes in found for node in nodes]


def overflow(page):
    """What makes the page scroll sideways."""
    return [f"wider than the page: {line}" for line in page.evaluate("""() => {
        const root = document.documentElement, wide = root.clientWidth;
        if (root.scrollWidth <= wide) return [];
        const cut = (el) => { for (let p = el.parentElement; p; p = p.parentElement)
            if (getComputedStyle(p).overflowX !== "visible") return true; return false; };
        const out = [...document.body.querySelectorAll("*")].filter((el) =>
            el.getBoundingClientRect().right > wide + 1 && el.checkVisibility() && !cut(el));
        const names = out.slice(-3).map((el) => `${el.localName}.${el.className}`);
        return [`${root.scrollWidth} > ${wide} px: ${names}`];
    }""")]


# --- what stands in the file ----------------------------------------------------------------------

def soup_of(site, path):
    return BeautifulSoup((site / path).read_text("utf8"), "html.parser")


def head(soup, path):
    """Title, description, language, one h1, and the addresses for machines."""
    complaints, language, base = [], LANGUAGES[edition(path)], address()
    name = path.removeprefix("zh/").removesuffix(".html")

    def content(**wanted):
        tags = soup.head.find_all("meta", attrs=wanted)
        return tags[0].get("content", "") if len(tags) == 1 else ""

    def need(true, complaint):
        if not true:
            complaints.append(complaint)

    need(soup.html.get("lang") == language, f"lang is {soup.html.get('lang')!r}, not {language!r}")
    need(len(soup.find_all("h1")) == 1, f"{len(soup.find_all('h1'))} h1")
    title = soup.title.get_text(strip=True) if soup.title else ""
    need(title and in_language(title, edition(path)), f"title {title!r}")
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    need(len(ids) == len(set(ids)), f"ids twice: {sorted({i for i in ids if ids.count(i) > 1})}")
    for image in soup.find_all("img"):
        need(image.get("alt", "").strip(), f"img without alt: {image['src']}")
    if name in UNLISTED:
        need(content(name="robots") == "noindex", "may be indexed")
        return complaints

    file = "" if name == "index" else f"{name}.html"
    public = {"en": base + file, "zh": f"{base}zh/{file}"}
    mine = public[edition(path)]
    about = content(name="description")
    need(20 <= len(about) <= 200 and in_language(about, edition(path)), f"description {about!r}")
    links = {link.get("hreflang"): link["href"] for link in soup.head.find_all("link", rel="alternate")}
    wanted = {"en": public["en"], "zh-CN": public["zh"], "x-default": public["en"]}
    need(links == wanted, f"hreflang: {links}")
    canonical = [link["href"] for link in soup.head.find_all("link", rel="canonical")]
    need(canonical == [mine], f"canonical: {canonical}, expected {mine}")
    need(content(property="og:url") == mine, f"og:url: {content(property='og:url')!r}")
    for key in ("title", "description", "type", "site_name", "locale", "image:alt"):
        need(content(property=f"og:{key}"), f"og:{key} is missing")
    need(content(property="og:image").startswith(base), f"og:image: {content(property='og:image')!r}")
    return complaints


def references(soup):
    """Every address that the page names: links, pictures, scripts, styles."""
    for tag in soup.find_all(True):
        for name in ("href", "src", "action", "poster"):
            if tag.get(name) is not None and tag.name != "base" and "hreflang" not in (
                    tag.attrs if tag.name == "link" else {}):
                yield tag[name]
        for part in (tag.get("srcset") or "").split(","):
            if part.strip():
                yield part.split()[0]


class Links:
    """All pages of the site, read once; which of a page's links lead nowhere?"""

    def __init__(self, site, altered=None):
        self.site, self.external = site, set()
        found = {p.relative_to(site).as_posix() for p in site.rglob("*.html")}
        self.pages = {p: soup_of(site, p) for p in sorted(found) if not p.startswith("~")}
        self.pages |= {p: BeautifulSoup(text, "html.parser") for p, text in (altered or {}).items()}
        self.anchors = {p: self.anchors_of(soup) for p, soup in self.pages.items()}

    @staticmethod
    def anchors_of(soup):
        return {tag["id"] for tag in soup.find_all(id=True)}

    def broken(self, path):
        return [f"{reference}: {why}" for reference in references(self.pages[path])
                if (why := self.problem(path, reference))]

    def problem(self, path, reference):
        base = f"http://site/{path}"
        tag = self.pages[path].find("base")
        if tag:  # the 404 page stands at any depth: its links start at the public address
            base = "http://site/" + tag["href"].removeprefix(address())
        target = urlsplit(urljoin(base, reference))
        if target.scheme in ("mailto", "data"):
            return ""
        if target.netloc != "site":
            if reference.startswith(address()):
                return self.here(reference.removeprefix(address()), "")
            self.external.add(reference)
            return "" if target.scheme == "https" else "external, and not https"
        return self.here(unquote(target.path).lstrip("/"), unquote(target.fragment))

    def here(self, file, fragment):
        if (self.site / file).is_dir():
            file = f"{file.rstrip('/')}/index.html".lstrip("/")
        if file not in self.pages and not (self.site / file).is_file():
            return "no such file"
        if fragment and fragment not in self.anchors.get(file, ()):
            return "no such anchor"
        return ""


# --- explorables in the file ----------------------------------------------------------------------

STATE = r'(<div class="fg-live" data-widget="{}"><script type="application/json">)(.*?)(</script>)'


def with_state(text, widget, new):
    """The page's text with another saved state: raw text, or a function of the traits."""
    def replace(match):
        if isinstance(new, str):
            return match[1] + new + match[3]
        traits = json.loads(match[2])["traits"]
        new(traits)
        return match[1] + json.dumps({"traits": traits}).replace("<", "\\u003c") + match[3]
    changed, count = re.subn(STATE.format(widget), replace, text, count=1, flags=re.S)
    assert count == 1, f"there is no {widget} on this page"
    return changed
