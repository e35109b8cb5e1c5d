"""The examples in the docstrings of the ground run, and say what they say."""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

GROUND = ("vca.domain", "billing.domain", "billing.x12", "billing.cms1500", "referrals.domain", "referrals.intake")


def modules() -> Iterator[str]:
    for name in GROUND:
        room = importlib.import_module(name)
        yield from (module.name for module in pkgutil.walk_packages(room.__path__, f"{name}."))


@pytest.mark.parametrize("name", list(modules()))
def test_examples_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))

    assert outcome.failed == 0


def test_a_wrong_example_is_noticed() -> None:
    example = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)

    assert doctest.DocTestRunner(verbose=False).run(example, out=lambda text: None).failed == 1
