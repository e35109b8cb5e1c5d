"""RuleError: a refusal that a person can act on.

Every refusal of the product is a subclass beside the function that raises it, and names its rule.

>>> class TooLate(RuleError):
...     code = "VISIT-03"
>>> str(TooLate("2 Jan 2027 is after the last day, 1 Jan 2027"))
'VISIT-03 2 Jan 2027 is after the last day, 1 Jan 2027'
"""

from vca.domain.rules import CATALOGUE, Rule


class RuleError(Exception):
    """A rule refused. ``detail`` says what happened, in one sentence without health data that identifies a person.

    ``code`` is that of the class, or given where only then it is known what refuses: the first of several findings.
    """

    code: str

    def __init__(self, detail: str = "", *, field: str = "", code: str = "") -> None:
        self.code = code or self.code
        self.detail = detail or self.rule.sentence
        self.field = field
        super().__init__(self.detail)

    @property
    def rule(self) -> Rule:
        """The rule of the catalogue that refused."""
        return CATALOGUE[self.code]

    def __str__(self) -> str:
        return f"{self.code} {self.detail}"
