"""Change the code in thousands of places, and list the changes that no test notices: `make mutants`.

A mutant "of words" changes only the text of a message: a string of several words, or the arguments of an exception or
of `show`. No test need notice it. All others count; in account/ and provider/ each survivor needs a reason in
tests/MUTANTS.md.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
MADE = CHECKOUT / "mutants"  # mutmut's copy of the checkout, with the results in X.py.meta beside each X.py
REASONS = CHECKOUT / "tests" / "MUTANTS.md"
KILLED = {"killed", "timeout", "segfault"}
LEAST = 93.0


class _WithoutWords(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        is_text = isinstance(node.value, str) and " " in node.value.strip()
        return ast.Constant("text") if is_text else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        is_message = name == "show" or name.endswith(("Error", "Failure"))
        return ast.Call(node.func, [], []) if is_message else self.generic_visit(node)


def of_words(source: str, ids: list[str]) -> set[str]:
    """Return those mutants whose function differs from the original in words alone."""
    functions = {each.name: each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef)}

    def shape(name: str) -> list[str]:
        masked = _WithoutWords().visit(functions[name])
        return [ast.dump(each) for each in (masked.args, *masked.body)]

    names = {each: each.rpartition(".")[2] for each in ids}
    return {each for each, name in names.items() if shape(name) == shape(f"{name.rpartition('_')[0]}_orig")}


def main() -> int:
    """Run mutmut and report; return 1 if too many survive, or one without a reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help='only these mutants, such as "plusofon_pulumi.account.*"')
    parser.add_argument("--report", action="store_true", help="run nothing: report the last run")
    parser.add_argument("--save", type=Path, help="write the ids of the killed mutants into this file")
    parser.add_argument("--against", type=Path, help="list the ids in such a file that are not killed any more")
    arguments = parser.parse_args()
    from mutmut.stats import status_by_exit_code  # noqa: PLC0415  # not in the oldest environment

    if not arguments.report:
        # Most tests wait for a socket or another thread as long as they work.
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(2 * (os.cpu_count() or 1))]
        subprocess.run([*command, *arguments.names], cwd=CHECKOUT, check=True)
    ends: dict[str, str] = {}
    words: set[str] = set()
    for meta in sorted(MADE.rglob("*.py.meta")):
        codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        checked = {each: status_by_exit_code[code] for each, code in codes.items() if code is not None}
        words |= of_words(meta.with_suffix("").read_text(encoding="utf-8"), list(checked))
        ends.update(checked)
    killed = {each for each, end in ends.items() if end in KILLED}
    reasons = REASONS.read_text(encoding="utf-8") if REASONS.exists() else ""
    survivors = sorted(ends.keys() - killed - words)
    for each in survivors:
        print(f"{each}: {ends[each]}{' (explained)' if f'`{each}`' in reasons else ''}")
    parts = {each: each.split(".")[1] for each in ends}
    for part in (*sorted(set(parts.values())), ""):
        ours = {each for each in ends if part in {parts[each], ""} and (each in killed or each not in words)}
        score = 100 * len(ours & killed) / max(1, len(ours))
        spared = len([each for each in words - killed if part in {parts[each], ""}])
        print(
            f"{part or 'all':12} {score:5.1f} %: {len(ours & killed)} of {len(ours)} killed, {spared} of words besides"
        )
    if arguments.save:
        arguments.save.write_text("\n".join(sorted(killed)) + "\n", encoding="utf-8")
    before = set(arguments.against.read_text(encoding="utf-8").split()) if arguments.against else set()
    lost = sorted(before - killed - words)
    for each in lost:
        print(f"not killed any more: {each}")
    unexplained = [e for e in survivors if parts[e] in {"account", "provider"} and f"`{e}`" not in reasons]
    return int(score < LEAST or bool(lost or unexplained))


if __name__ == "__main__":
    sys.exit(main())
