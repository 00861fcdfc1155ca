"""Every error says where it is, what is wrong and how to mend it, in one line."""


class CorpusError(Exception):
    """Base of all errors of this package."""

    def __init__(self, where: object, what: str, mend: str) -> None:
        super().__init__(f"{where}: {what}. {mend}")
        self.where, self.what, self.mend = str(where), what, mend


class CatalogueError(CorpusError):
    """A catalogue record is missing, doubled or malformed."""


class ReadingError(CorpusError):
    """A digest or original cannot be read."""


class ModelError(CorpusError):
    """The embedding model is missing, changed or unusable."""


class IndexUnavailable(CorpusError):
    """There is no index to serve from, or it is not whole."""


class DataFolderError(CorpusError):
    """The data folder cannot be written, or another run holds it."""


class UnknownSource(CorpusError):
    """No source or passage has this id."""


class FetchingError(CorpusError):
    """A document cannot be fetched, or what came is not the document named."""
