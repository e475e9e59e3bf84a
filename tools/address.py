"""Set the book's public address, once: in `_config.yml`, and in the few files that must repeat it.

    python tools/address.py https://github.com/OWNER/NAME https://OWNER.github.io/NAME/

The READMEs (badges, links) and the first cell of every notebook (Colab) are rewritten; nothing else names
the address, and a test sees to that.
"""

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import i18n

ROOT = i18n.ROOT
REPOSITORY = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git|/)?")
SITE = re.compile(r"https://[\w.-]+(?::\d+)?/(?:[\w./-]*/)?")


def places(root=ROOT):
    """The only files that may name the address, as paths below the root."""
    notebooks = [rel for rel in i18n.pages(root) if rel.endswith(".ipynb")]
    wanted = ["_config.yml", "README.md", "README.zh-CN.md", *notebooks, *(f"zh/{rel}" for rel in notebooks)]
    return [rel for rel in wanted if (root / rel).exists()]


def current(root=ROOT):
    """(OWNER/NAME, site without https://) as `_config.yml` has them."""
    config = i18n.config(root)
    return spell(config["repository"]["url"], config["html"]["baseurl"])


def spell(repository, site):
    if not (slug := REPOSITORY.fullmatch(repository)):
        raise ValueError(f"repository: https://github.com/OWNER/NAME is expected, not {repository}")
    if not SITE.fullmatch(site):
        raise ValueError(f"site: https://HOST/PATH/ with a slash at the end is expected, not {site}")
    return slug[1], site.removeprefix("https://")


def move(repository, site, root=ROOT):
    """Rewrite every place; returns those that changed."""
    old, new = current(root), spell(repository, site)
    changed = []
    for rel in places(root):
        text = (root / rel).read_text("utf-8")
        for before, after in zip(old, new, strict=True):
            # A longer name may begin with this one, so the name must end here (the site ends with its slash).
            end = "" if before.endswith("/") else r"(?![\w-])"
            text = re.sub(rf"(?<![\w.-]){re.escape(before)}{end}", after, text)
        if i18n.write(root / rel, text):
            changed.append(rel)
    return changed


def main(argv=None):
    parser = argparse.ArgumentParser(description="Set the book's public address.")
    parser.add_argument("repository", help="https://github.com/OWNER/NAME")
    parser.add_argument("site", help="https://OWNER.github.io/NAME/")
    options = parser.parse_args(argv)
    try:
        for rel in move(options.repository, options.site):
            print(f"rewrote {rel}")
    except ValueError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
