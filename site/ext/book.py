"""What every extension of the site asks: which edition this is, where things are, what the buttons say."""
from __future__ import annotations

import functools
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESIGN = json.loads((ROOT / "lib/firstgrad/design.json").read_text("utf8"))
BUNDLES = ROOT / "lib/firstgrad/widgets/static"
MODELS = ROOT / "data/models"
STILLS = ROOT / "site/stills"

TEXTS = {
    "en": {
        "skip": "Skip to the text", "home": "Home", "contents": "Contents", "on_page": "On this page",
        "search": "Search", "search_book": "Search the book", "theme_dark": "Dark colours",
        "menu": "Contents", "theme_light": "Light colours", "language": "中文",
        "language_title": "本页的中文版", "language_tag": "zh-CN", "previous": "Previous", "next": "Next",
        "pages": "Previous and next page", "colab": "Open in Colab", "binder": "Binder",
        "download": "Download notebook", "run": "Run this page", "copy": "Copy", "copied": "Copied",
        "source": "Source", "licence": "Text and figures CC BY 4.0, code MIT", "proof": "Proof",
        "offer": "这本书有中文版。", "offer_link": "阅读本页的中文版", "offer_close": "不用了",
        "needs_python": "This control needs a running Python.",
        "needs_python_link": "Open this page in Colab to use it",
        "no_state": "This explorable’s saved state is missing in the notebook. Run its cell again and save.",
        "no_script": "This explorable needs JavaScript. Below is a picture of it.",
        "no_script_plain": "This explorable needs JavaScript.",
        "still_alt": "Still picture of the explorable “{}”", "not_found": "This page does not exist",
        "not_found_text": "The address may have a typing error, or the page has moved.",
        "not_found_link": "Go to the first page", "search_none": "Nothing found for “{words}”",
        "search_some": "{n} places found for “{words}”",
        "search_hint": "Type a word, a phrase or a symbol’s name.",
        "search_js": "Search needs JavaScript. The contents list every chapter.",
        "old_browser": "This browser does not draw formulas. Chrome or Edge from 109, Firefox from 115 and "
                       "Safari from 16.4 do.",
        "write_function": "Write this function and check it in Colab",
    },
    "zh": {
        "skip": "跳到正文", "home": "首页", "contents": "目录", "on_page": "本页内容", "search": "搜索",
        "search_book": "搜索本书", "theme_dark": "深色", "menu": "目录", "theme_light": "浅色",
        "language": "English", "language_title": "This page in English", "language_tag": "en",
        "previous": "上一页", "next": "下一页", "pages": "上一页与下一页", "colab": "在 Colab 中打开",
        "binder": "Binder", "download": "下载笔记本", "run": "运行本页", "copy": "复制",
        "copied": "已复制", "source": "源代码", "licence": "文字与图 CC BY 4.0，代码 MIT",
        "proof": "证明", "offer": "This book is also in English.",
        "offer_link": "Read this page in English", "offer_close": "No, thanks",
        "needs_python": "这个控件需要正在运行的 Python。",
        "needs_python_link": "在 Colab 中打开本页来使用它",
        "no_state": "笔记本里没有保存这个交互图的状态。请重新运行它所在的单元格并保存。",
        "no_script": "这个交互图需要 JavaScript。下面是它的一张静态图。",
        "no_script_plain": "这个交互图需要 JavaScript。", "still_alt": "交互图“{}”的静态图",
        "not_found": "没有这一页", "not_found_text": "网址可能输错了，或者这一页已经移走。",
        "not_found_link": "回到首页", "search_none": "没有找到“{words}”",
        "search_some": "“{words}”：找到 {n} 处",
        "search_hint": "输入词、短语或符号的名字。",
        "search_js": "搜索需要 JavaScript。目录里列出了所有章节。",
        "old_browser": "这个浏览器显示不了公式。请使用 Chrome 或 Edge 109、Firefox 115、Safari 16.4 "
                       "及以上版本。",
        "write_function": "在 Colab 里写这个函数并检查",
    },
}


def edition(config) -> str:
    return "zh" if (config.language or "en").startswith("zh") else "en"


def texts(config) -> dict:
    return TEXTS[edition(config)]


def address(config) -> str:
    """The public address of the English edition, ending in a slash."""
    base = config.html_baseurl.rstrip("/")
    return (base.removesuffix("/zh") if edition(config) == "zh" else base) + "/"


def page_address(config, pagename: str, of: str | None = None) -> str:
    """Absolute address of a page; a folder's index is the folder."""
    folder = "zh/" if (of or edition(config)) == "zh" else ""
    page = "" if pagename == "index" else f"{pagename}.html"
    return f"{address(config)}{folder}{page}"


def up(pagename: str) -> str:
    """From a page to the root of its edition."""
    return "../" * pagename.count("/")


def asset(config, pagename: str, name: str) -> str:
    """A file of assets/: there is one such folder, both editions read it."""
    return f"{up(pagename)}{'../' if edition(config) == 'zh' else ''}assets/{name}"


def number(docname: str) -> int:
    """06 of chapters/06_gradient_descent; 0 for pages outside the numbering."""
    found = re.match(r"(\d\d)_", docname.rsplit("/", 1)[-1])
    return int(found[1]) if found else 0


ROMAN = {"I": 0, "II": 1, "III": 2, "IV": 3, "V": 4, "VI": 5}


@functools.cache
def part_slugs() -> dict[str, str]:
    """Which part a page belongs to, by the Roman number in the English caption: its accent colour."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    names, slugs = list(DESIGN["parts"]), {}
    for part in toc.get("parts", []):
        roman = re.match(r"Part ([IV]+)\b", part.get("caption", ""))
        slug = names[ROMAN[roman[1]]] if roman else ""
        slugs |= {chapter["file"]: slug for chapter in part["chapters"]}
    return slugs


def launch(config, docname: str, suffix: str = ".ipynb") -> dict[str, str]:
    """Where a notebook page opens elsewhere: Colab and Binder, in this page's language."""
    options = config.fg_options
    repository, branch = options["repository_url"].rstrip("/"), options["repository_branch"]
    path = "/".join(filter(None, [options.get("path_to_docs", ""), docname + suffix]))
    slug, buttons = repository.removeprefix("https://github.com/"), options["launch_buttons"]
    return {
        "colab": f"{buttons['colab_url']}/github/{slug}/blob/{branch}/{path}",
        "binder": f"{buttons['binderhub_url']}/v2/gh/{slug}/{branch}?urlpath=lab/tree/{path}",
        "source": f"{repository}/blob/{branch}/{path}",
    }
