"""The one family of errors of the engine; each tells the reader what to do next."""

from collections.abc import Mapping

from apps.stats.messages import ERRORS

Param = float | int | str


class StatsError(ValueError):
    """A computation that cannot give a right number.

    Parameters
    ----------
    code
        Stable key of the reason, the same in every language.
    params
        The figures of this case, for the sentence.

    Examples
    --------
    >>> str(InvalidSpecification("subgroup_size", {"value": 0}))
    'The subgroup size must be a whole number of 1 or more, not 0.'
    """

    def __init__(self, code: str, params: Mapping[str, Param] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.params: dict[str, Param] = dict(params or {})

    def __str__(self) -> str:
        template = ERRORS.get(self.code, self.code)
        try:
            return template.format(**self.params)
        except (KeyError, IndexError, ValueError):
            return template

    def __reduce__(self) -> tuple[type["StatsError"], tuple[str, dict[str, Param]]]:
        return type(self), (self.code, self.params)


class NotEnoughData(StatsError):
    """More data are needed before the figure exists.

    Examples
    --------
    >>> str(NotEnoughData("no_neighbours")).split(";")[0]
    'No two neighbouring values are present, so there is no moving range'
    """


class DegenerateData(StatsError):
    """The data are there but carry no information for the figure (no spread, no count).

    Examples
    --------
    >>> str(DegenerateData("no_variation"))
    'All values are equal, so there is no spread to judge; check the measurement.'
    """


class InvalidSpecification(StatsError):
    """What was asked contradicts itself or the data; the request has to change.

    Examples
    --------
    >>> str(InvalidSpecification("unknown_rule_set", {"set": "x", "known": "nelson"}))
    "There is no rule set 'x'; choose one of nelson."
    """
