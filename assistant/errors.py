"""Errors of the question's path. An outage is never "no answer": it is told as one."""


class QuestionError(Exception):
    """A question that cannot be taken: empty, too long, or not text. The message is for the person who asked."""


class SettingsError(Exception):
    """A setting or a file of fixed words is missing or malformed."""
