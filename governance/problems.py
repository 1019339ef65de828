"""What can be wrong with a policy, and what it can leave unanswered."""

from canonical.base import Noun


class PolicyProblem(Noun):
    """One mistake in a policy: where it is, what is wrong, and what to do about it."""

    file: str
    key: str
    problem: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}; {self.way_out}"


class PolicyError(Exception):
    """The policy is not valid; `problems` has each mistake."""

    def __init__(self, problems: tuple[PolicyProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class PolicyGap(Exception):
    """The policy is valid and says nothing about what was asked; `file` is where the answer belongs."""

    def __init__(self, question: str, *, file: str, way_out: str) -> None:
        super().__init__(f"the policy does not say {question}; {way_out} in {file}")
        self.question = question
        self.file = file
        self.way_out = way_out
