"""The composition root: the only file that picks implementations."""

from assistant.answering import Assistant, Library
from assistant.errors import SettingsError
from assistant.replies import load_replies
from assistant.scope.classifier import load_classifier
from assistant.scope.signposts import load_contacts
from assistant.settings import AssistantSettings
from corpus.embedding import OnnxEncoder
from corpus.errors import CorpusError
from corpus.index import open_index
from corpus.matching import load_matcher
from corpus.settings import CorpusSettings


def open_library(settings: CorpusSettings, threads: int) -> Library:
    """The index that serves and the models that made it. Raises CorpusError."""
    index = open_index(settings.data)
    matcher = load_matcher() if index.has_asked else None
    return Library(index, OnnxEncoder(settings.data / "models" / index.encoder, threads), matcher)


def build_assistant(corpus: CorpusSettings | None = None, own: AssistantSettings | None = None) -> Assistant:
    """An assistant over the index in the data folder. Where that cannot be opened the assistant is built all the same:
    it declines, shows the safety panel and says that it is unavailable. Raises SettingsError."""
    corpus, own = corpus or CorpusSettings(), own or AssistantSettings()
    contacts = load_contacts(own.contacts)
    replies = load_replies(contacts)
    try:
        classifier = load_classifier()
    except SettingsError as error:
        return Assistant(None, replies, contacts, fault=str(error))
    try:
        return Assistant(open_library(corpus, own.threads), replies, contacts, classifier)
    except CorpusError as error:
        return Assistant(None, replies, contacts, classifier, fault=str(error))
