"""`make mutants` sets aside those mutants that change only the words of a message, and no others."""

from __future__ import annotations

import pytest

from tools.mutants import of_words


@pytest.mark.parametrize(
    "before, after, is_of_words",
    [
        ('return "not this one"', 'return "XXnot this oneXX"', True),
        ('return f"{n} are open"', 'return f"{n} ARE OPEN"', True),
        ('raise ValueError("why", n)', 'raise ValueError("why", None)', True),
        ("show(line(n))", "show(line(None))", True),
        ("show(n)", "pass", False),
        ('return f"{n} are open"', 'return f"{n + 1} are open"', False),
        ('return "PUT"', 'return "XXPUTXX"', False),
        ("raise ValueError(n)", "raise KeyError(n)", False),
        ("if n > 1: raise ValueError(n)", "if n >= 1: raise ValueError(n)", False),
        ('return "not this one"', "return None", False),
    ],
)
def test_only_a_change_of_a_message_is_of_words(before: str, after: str, is_of_words: bool) -> None:
    source = (
        f"class A:\n    def xǁAǁf__mutmut_orig(n):\n        {before}\n    def xǁAǁf__mutmut_12(n):\n        {after}\n"
    )
    assert bool(of_words(source, ["module.xǁAǁf__mutmut_12"])) is is_of_words
