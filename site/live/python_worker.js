// Runs a reader's Python in a thread of its own, so that the page can end it. Over http only.
const source = "./pyodide.mjs"; // beside this file in the built site

const PRELUDE = `
import io, sys
sys.path.insert(0, "/book/lib")
import math
from collections import Counter
from contextlib import redirect_stdout
from firstgrad.book.answers import grade
from firstgrad.book.words import speaking
from firstgrad.scratch.autograd import Value

def run_here(code, language):
    """What the code prints, at most 4,000 characters of it, and the last verdict."""
    verdicts, printed = [], io.StringIO()
    def check(exercise, answer):
        verdicts.append(grade(exercise, answer))
    names = {"math": math, "Counter": Counter, "Value": Value, "check": check}
    with redirect_stdout(printed), speaking(language):
        try:
            exec(compile(code, "answer", "exec"), names)
        except BaseException as error:
            line = getattr(error, "lineno", None)
            at = error.__traceback__
            while at:
                line = at.tb_lineno if at.tb_frame.f_code.co_filename == "answer" else line
                at = at.tb_next
            print(f"{type(error).__name__}: {error}" + (f" (line {line})" if line else ""))
    return printed.getvalue()[-4000:], verdicts[-1] if verdicts else None
`;

async function start() {
  const { loadPyodide } = await import(source);
  const python = await loadPyodide();
  const library = await fetch("firstgrad.zip");
  if (!library.ok) throw new Error(`firstgrad.zip: ${library.status}`);
  python.unpackArchive(await library.arrayBuffer(), "zip", { extractDir: "/book" });
  python.runPython(PRELUDE);
  return python.globals.get("run_here");
}

const started = start();
addEventListener("message", async ({ data: { code, language } }) => {
  try {
    const [printed, right] = (await started)(code, language).toJs();
    postMessage({ printed, right: right ?? null });
  } catch (error) {
    postMessage({ failed: String(error) });
  }
});
