"""Version of the model's code: a hash of the syntax trees of `sim` without docstrings, so that a comment
changes nothing."""

import ast
import hashlib
import re
import sys
import tempfile
from functools import cache
from pathlib import Path

from sim.cache import cache_home, sources_digest


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                node.body = body[1:] or [ast.Pass()]
    return tree


@cache
def code_version() -> str:
    """First 16 hex digits of the hash of all sources in `sim`.

    Parsing takes a second, so the version is kept beside the compiled code, under the bytes of the sources and the
    Python that parsed them.
    """
    kept = cache_home() / "versions" / f"{sys.version_info.major}.{sys.version_info.minor}-{sources_digest()}"
    try:
        known = kept.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        known = ""
    if re.fullmatch("[0-9a-f]{16}", known):
        return known
    version = parsed_version()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=kept.parent, delete=False) as unfinished:
            unfinished.write(version)
        Path(unfinished.name).replace(kept)
    except OSError:
        pass  # nowhere to keep it: parsed again next time
    return version


def parsed_version() -> str:
    """The version from the sources themselves."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(ast.dump(_without_docstrings(ast.parse(path.read_text(encoding="utf-8")))).encode())
    return digest.hexdigest()[:16]
