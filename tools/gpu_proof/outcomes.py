"""How a check can end, other than well. Each says why; a step goes on with its next check."""


class Outcome(Exception):
    """The base of all; the message says why."""


class Failed(Outcome):
    """It ran, and what it showed is wrong."""


class Refused(Outcome):
    """This machine cannot run it."""


class Missing(Outcome):
    """What it needs is not there yet: another step makes it."""


class OutOfTime(Outcome):
    """The step's time was up; the next run goes on with it. `output` is what the command had said by then."""

    def __init__(self, why: str, output: str = "") -> None:
        super().__init__(why)
        self.output = output
