"""A file of questions in, a file of answers with citations out; interrupted runs go on where they stopped."""

from kgqa.batch.compare import Change, Difference, compared, diff
from kgqa.batch.questions import read_questions
from kgqa.batch.results import read
from kgqa.batch.run import BatchReport, run

__all__ = ["BatchReport", "Change", "Difference", "compared", "diff", "read", "read_questions", "run"]
