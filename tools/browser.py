"""Find the Chromium that draws the figures and tests the site; print its path.

Looked for in this order: the environment variable CHROMIUM, the system's own places, Playwright's own.
Where there is none and this is root on a machine with apt, it is installed, and that is said.
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
        apt_install()
        found = on_system()
    if not found:
        raise BrowserMissing(ADVICE)
    return found


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


def apt_install():
    """Install Debian's Chromium. Ubuntu's package of that name needs snap, so it may come to nothing."""
    print("Chromium was not found; installing it: apt-get install chromium fonts-noto-cjk", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-noto-cjk"]):
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
    if chinese_fonts() is False:
        print("Hint: no Chinese font is installed, so screenshots and figures show boxes instead of Chinese "
              "(Debian, Ubuntu: apt-get install fonts-noto-cjk).", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
