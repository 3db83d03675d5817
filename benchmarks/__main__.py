"""python -m benchmarks NAME [options]: run the benchmark benchmarks/NAME.py; without a name, list them."""

from __future__ import annotations

import ast
import importlib
import os
import sys
from pathlib import Path


def known() -> dict[str, str]:
    """Name and first line of each benchmark: the files here that define `main`."""
    benchmarks = {}
    for file in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if file.name != "__main__.py" and any(isinstance(n, ast.FunctionDef) and n.name == "main" for n in tree.body):
            benchmarks[file.stem] = (ast.get_docstring(tree) or "").splitlines()[0]
    return benchmarks


def main(argv: list[str]) -> int:
    """Run the benchmark that is named first with the arguments after it; the exit status, 2 for an unknown name."""
    benchmarks = known()
    if not argv or argv[0] not in benchmarks:
        if argv and argv[0] not in {"-h", "--help"}:
            print(f"There is no benchmark {argv[0]!r}.", file=sys.stderr)
        print("\n".join(f"{name:<12}{summary}" for name, summary in benchmarks.items()))
        return 0 if argv and argv[0] in {"-h", "--help"} else 2
    # Small matrices gain nothing from threads of linear algebra, and on a busy machine lose tenfold; this must be set
    # before NumPy is imported.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    return int(importlib.import_module(f"benchmarks.{argv[0]}").main(argv[1:]) or 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
