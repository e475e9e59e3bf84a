#!/usr/bin/env python3
"""Build both editions of the book, and serve them on this machine.

    tools/site.py build            English into _build/site, Chinese into _build/site/zh; warnings are errors
    tools/site.py serve --port N   serve _build/site on 127.0.0.1
"""
from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import http.server
import mimetypes
import os
import pathlib
import re
import shutil
import sys
import time
import urllib.parse
from typing import ClassVar

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
SITE = BUILD / "site"
DIGEST = BUILD / "site.digest"  # one hash over what the site was made of, then what that is
CACHE = BUILD / "pyodide"  # of the npm package
EDITIONS = ("en", "zh")
BESIDES = ("tools/site.py", "requirements/site.txt")  # no build opens them: itself, its versions
IGNORED = {"__pycache__", ".ipynb_checkpoints", "site-packages"}

sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "site" / "ext")]
import bundles  # noqa: E402

# --- build -------------------------------------------------------------------------------------

# A build notes what it opens and which folders it looks through. A change in any of it builds again; no
# change, and `build` ends at once. A hook, once set, stays: it does nothing outside of a build.
noted: set[str] | None = None


def note(event: str, arguments: tuple) -> None:
    """Hear from Python of each file that is opened ("a/b.md") and each folder that is listed ("a/*")."""
    if noted is None or event not in ("open", "os.listdir", "os.scandir"):
        return
    if event != "open" and "importlib" in sys._getframe(1).f_code.co_filename:
        return  # whoever looks for a module lists all that lies beside it
    if isinstance(arguments[0], str | os.PathLike):
        noted.add(os.path.join(os.path.abspath(arguments[0]), "" if event == "open" else "*"))


sys.addaudithook(note)


@contextlib.contextmanager
def noting():
    """The set of all that is read meanwhile; modules of ours count, whoever has imported them before."""
    global noted
    noted = found = set()
    try:
        yield found
    finally:
        noted = None
        found |= {module.__file__ for module in [*sys.modules.values()] if getattr(module, "__file__", None)}


def ours(paths) -> set[str]:
    """Those below ROOT, relative to it, without what a build makes itself."""
    paths = {pathlib.Path(path) for path in paths}
    return {rel.as_posix() for path in paths if path.is_relative_to(ROOT) and not path.is_relative_to(BUILD)
            if not (rel := path.relative_to(ROOT)).parts[0].startswith(".") and not IGNORED & set(rel.parts)}


def input_files(read) -> list[pathlib.Path]:
    found = {path for name in read for path in (ROOT.glob(name) if name.endswith("/*") else [ROOT / name])}
    return sorted(path for path in found if path.is_file() and not IGNORED & set(path.parts))


def digest(files) -> str:
    """One hash over names and bytes, so that a touched but unchanged file builds nothing."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def with_python() -> bool:
    """`make site PYODIDE=1`: exercises can run Python in the page."""
    return os.environ.get("PYODIDE", "") not in ("", "0")


def made_of(files) -> str:
    return digest(files) + " with Python" * with_python()


def built() -> tuple[str, set[str]]:
    """The hash over what the site that stands there was made of, and what that is; of no site, neither."""
    done = all((SITE / p).exists() for p in ("index.html", "zh/index.html"))
    hashed, *read = DIGEST.read_text("utf8").splitlines() if done and DIGEST.exists() else [""]
    return hashed, set(read)


def remember(read: set[str], began: float) -> None:
    """What was read since `began`, and its hash; none if something changed meanwhile."""
    files = input_files(read)
    still = all(path.stat().st_mtime < began for path in files)
    DIGEST.write_text("\n".join([made_of(files) if still else "", *sorted(read)]), "utf8")


def sphinx_settings(source: pathlib.Path) -> dict:
    """Jupyter Book's translation of the staged _config.yml, with paths that do not move with the stage."""
    import yaml
    from jupyter_book.config import get_final_config
    user = yaml.safe_load((source / "_config.yml").read_text("utf8"))
    settings, _ = get_final_config(user_yaml=user, sourcedir=source,
                                   cli_config={"latex_individualpages": False})
    settings.pop("comments_config", None)  # belongs to an extension that the book leaves out
    settings["templates_path"] = [str(ROOT / p) for p in settings["templates_path"]]
    settings["external_toc_path"] = str(source / "_toc.yml")
    settings["bibtex_bibfiles"] = [str(ROOT / p) for p in settings["bibtex_bibfiles"]]
    return settings


def build_edition(edition: str) -> int:
    """Run Sphinx once, as `jupyter-book build -W -n --keep-going` would; returns its exit status."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils
    source, out = BUILD / "src" / edition, BUILD / "html" / edition
    with patch_docutils(None), docutils_namespace():
        app = Sphinx(source, None, out, BUILD / "doctrees" / edition, "html",
                     confoverrides={**sphinx_settings(source), "nitpicky": True},
                     status=None, warning=sys.stderr, warningiserror=True, keep_going=True)
        app.build()
        remove_strays(out, app.env.found_docs)
        return app.statuscode


def remove_strays(out: pathlib.Path, pages) -> None:
    """Pages that an earlier build left and that the book no longer has."""
    kept = {out / f"{name}.html" for name in (*pages, "search", "404")}
    for path in set(out.rglob("*.html")) - kept:
        path.unlink()


def assemble() -> None:
    """Put both editions together; the old site stays as it was until the new one is complete."""
    new = BUILD / "site.new"
    shutil.rmtree(new, ignore_errors=True)
    skip = shutil.ignore_patterns("_static", ".buildinfo*", "objects.inv", "jupyter_execute")
    shutil.copytree(BUILD / "html" / "en", new, ignore=skip)
    shutil.copytree(BUILD / "html" / "zh", new / "zh", ignore=skip)
    (new / ".nojekyll").touch()  # or GitHub Pages hides _images and _sources
    from seo import write_site_files
    write_site_files(new)
    if with_python():
        import python_here
        python_here.write(new, CACHE)
    shutil.rmtree(SITE, ignore_errors=True)
    new.rename(SITE)


def build(force: bool = False) -> int:
    if line := bundles.stale():
        print(line, file=sys.stderr)
        return 1
    began, (known, read) = time.time(), built()
    if not force and known and known == made_of(input_files(read)):
        print(f"The site in {SITE.relative_to(ROOT)} is up to date.")
        return 0
    if force or not read:  # Sphinx warns only of pages that it reads: after a failure, read all
        for folder in ("doctrees", "html"):
            shutil.rmtree(BUILD / folder, ignore_errors=True)
        read = set()
    DIGEST.unlink(missing_ok=True)
    if with_python():
        import python_here
        os.environ["FG_PYODIDE_MB"] = f"{python_here.megabytes(CACHE):.1f}"
    with noting() as found:
        import i18n
        i18n.stage()
        # English first: the Chinese pages take their anchors from it. Both run: all faults show at once.
        failed = [edition for edition in EDITIONS if build_edition(edition)]
        if not failed:
            assemble()
    if failed:
        print(f"Not built ({', '.join(failed)}): see the warnings above.", file=sys.stderr)
        return 1
    remember(read | ours(found) | set(BESIDES), began)  # what Sphinx did not read again counts as before
    print(f"Built both editions into {SITE.relative_to(ROOT)} in {time.time() - began:.1f} s.")
    return 0


# --- serve -------------------------------------------------------------------------------------

COMPRESSED = {".html", ".js", ".css", ".svg", ".json", ".ipynb", ".xml", ".txt", ".mjs", ".wasm"}
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("font/woff", ".woff")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/wasm", ".wasm")


class Handler(http.server.BaseHTTPRequestHandler):
    """Static files with gzip and the book's own 404 page, like the hosts it will be published on."""
    protocol_version = "HTTP/1.1"
    cache: ClassVar[dict] = {}

    def do_GET(self):
        status, path = self.find()
        if status == 301:
            self.send_response(status)
            self.send_header("Location", urllib.parse.urlsplit(self.path).path + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body, headers = self.load(path, "gzip" in self.headers.get("Accept-Encoding", ""))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    do_HEAD = do_GET

    def find(self) -> tuple[int, pathlib.Path]:
        wanted = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
        try:
            path = (SITE / wanted).resolve()
        except ValueError:  # a null byte
            return 404, SITE / "404.html"
        if path.is_dir():
            if wanted and not wanted.endswith("/"):
                return 301, path  # as hosts do, or the page's relative links would start one folder too high
            path = path / "index.html"
        if path.is_file() and path.is_relative_to(SITE):
            return 200, path
        return 404, SITE / ("zh/404.html" if wanted.startswith("zh/") else "404.html")

    def load(self, path: pathlib.Path, zipped: bool):
        key = (path, path.stat().st_mtime_ns, zipped)
        if key not in self.cache:
            self.cache[key] = self.read(path, zipped)
        return self.cache[key]

    @staticmethod
    def read(path: pathlib.Path, zipped: bool):
        body = path.read_bytes()
        if path.name == "404.html":  # its links start at the public address; here the root is "/"
            body = re.sub(rb'<base href="[^"]*?(/zh/|/)">', lambda m: b'<base href="%s">' % (
                b"/zh/" if m[1] == b"/zh/" else b"/"), body)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        headers = {"Content-Type": kind, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if zipped and path.suffix in COMPRESSED:
            body, headers["Content-Encoding"] = gzip.compress(body, 6, mtime=0), "gzip"
        headers["Content-Length"] = str(len(body))
        return body, headers

    def log_message(self, *args):
        pass  # the terminal shows the address, nothing else


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name == "posix"

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def open_server(port: int) -> Server:
    for candidate in range(port, port + 100):
        try:
            return Server(("127.0.0.1", candidate), Handler)
        except PermissionError:
            raise SystemExit(f"Port {candidate} is not for this user: choose one above 1023") from None
        except (OSError, OverflowError):
            continue
    raise SystemExit(f"No free port between {port} and {port + 99}: choose another with PORT=…")


def serve(port: int) -> int:
    if not (SITE / "index.html").exists():
        print("There is no site yet: run `make site` first.", file=sys.stderr)
        return 1
    with open_server(port) as server:
        print(f"\n  The book:  http://127.0.0.1:{server.server_port}/"
              f"\n  中文版：   http://127.0.0.1:{server.server_port}/zh/\n\n  Stop with Ctrl-C.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build")
    building.add_argument("--force", action="store_true", help="build even if nothing changed")
    commands.add_parser("serve").add_argument("--port", type=int, default=8000)
    args = parser.parse_args(argv)
    return build(args.force) if args.command == "build" else serve(args.port)


if __name__ == "__main__":
    sys.exit(main())
