"""Find the browsers and print their paths: Chromium, which draws figures and tests the site, Firefox and
WebKit, in which every page is tried.

Looked for in this order: the variables CHROMIUM and FIREFOX, the system's places, Playwright's own.
What is missing is installed where this is root on a machine with apt, and that is said. Without Chromium the
site cannot be tested; without the others, their tests are skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SYSTEM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
          "/Applications/Chromium.app/Contents/MacOS/Chromium",
          "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync")
ADVICE = """\
Chromium was not found. It draws the figures and tests every page, so the checks stop here.
  Debian:  sudo apt-get install chromium fonts-noto-cjk
  Ubuntu:  .venv/bin/playwright install --with-deps chromium
  macOS:   brew install --cask chromium      (or Google Chrome)
  other:   CHROMIUM=/path/to/chromium make test"""


OTHERS = {
    "Firefox": "Debian: apt-get install firefox-esr; elsewhere Mozilla's own (a snap may not read /tmp), "
               "FIREFOX=/path/to/firefox",
    "WebKit": "Debian, Ubuntu: apt-get install webkit2gtk-driver xvfb",
}
PACKAGES = {"Firefox": ["firefox-esr"], "WebKit": ["webkit2gtk-driver", "xvfb"]}


class BrowserMissing(Exception):
    """No Chromium; the message says how to get one."""


def find(environment=os.environ, install=False):
    """Path of a Chromium; with `install`, root may fetch it by apt. Raises BrowserMissing."""
    named = environment.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise BrowserMissing(f"CHROMIUM={named}: no such program")
        return shutil.which(named)
    # A snap may not read /tmp, so it comes last.
    found = on_system() or of_playwright() or shutil.which("/snap/bin/chromium")
    if not found and install and may_install():
        apt_install("Chromium", ["chromium", "fonts-noto-cjk"])
        found = on_system()
    if not found:
        raise BrowserMissing(ADVICE)
    return found


def firefox(environment=os.environ):
    """Path of a Firefox, or None. A snap may not read /tmp."""
    places = (environment.get("FIREFOX"), "firefox-esr", "firefox",
              "/Applications/Firefox.app/Contents/MacOS/firefox")
    found = (shutil.which(place) for place in places if place)
    return next((path for path in found if path and not is_snap(path)), None)


def is_snap(path):
    """Ubuntu's /usr/bin/firefox is a script that starts its snap, or asks for it."""
    if Path(path).resolve().is_relative_to("/snap"):
        return True
    with open(path, "rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!") and b"snap" in start


def webkit(roots=("/usr/lib", "/usr/libexec")):
    """(WebKitWebDriver, MiniBrowser, Xvfb), or None."""
    patterns = ("*/webkit2gtk-4.*/MiniBrowser", "webkit2gtk-4.*/MiniBrowser")
    browsers = sorted(str(path) for root in map(Path, roots) for one in patterns for path in root.glob(one))
    programs = shutil.which("WebKitWebDriver"), browsers[-1] if browsers else None, shutil.which("Xvfb")
    return programs if all(programs) else None


FIND_OTHERS = {"Firefox": firefox, "WebKit": webkit}


def on_system():
    return next((path for name in SYSTEM if (path := shutil.which(name))), None)


def of_playwright():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def may_install():
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(name, packages):
    """Install Debian's packages. Ubuntu's of that name may need snap, so it may come to nothing."""
    print(f"{name} was not found; installing it: apt-get install {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        run = subprocess.run(["apt-get", "-qq", *command], env=environment, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=False)
        if run.returncode:
            print(f"apt-get {command[0]} failed:\n{run.stderr.strip()}", file=sys.stderr)
            return


def chinese_fonts():
    """True when the system can draw Chinese, None when that cannot be asked."""
    if not shutil.which("fc-list"):
        return None
    run = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(run.stdout.strip())


def main():
    try:
        print(find(install=True))
    except BrowserMissing as error:
        print(error, file=sys.stderr)
        return 1
    for name, look in FIND_OTHERS.items():
        if not look() and may_install():
            apt_install(name, PACKAGES[name])
        found = look()
        print((found if isinstance(found, str) else found[1]) if found else
              f"{name} was not found; its tests are skipped. {OTHERS[name]}")
    if chinese_fonts() is False:
        print("Hint: no Chinese font is installed, so screenshots and figures show boxes instead of Chinese "
              "(Debian, Ubuntu: apt-get install fonts-noto-cjk).", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
