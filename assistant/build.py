"""The composition root: the only file that picks implementations."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from assistant.answering import Assistant, Library
from assistant.errors import SettingsError
from assistant.replies import load_replies
from assistant.scope.classifier import load_classifier
from assistant.scope.signposts import load_contacts
from assistant.settings import AssistantSettings
from assistant.supporting import usual_support
from corpus.embedding import OnnxEncoder
from corpus.errors import CorpusError
from corpus.index import current_version, open_index
from corpus.matching import load_matcher
from corpus.settings import CorpusSettings

logger = logging.getLogger(__name__)

# Seconds between two looks at which version serves: one small file is read.
_LOOK_EVERY = 1.0


def open_library(settings: CorpusSettings, threads: int) -> Library:
    """The index that serves and the models that made it. Raises CorpusError."""
    index = open_index(settings.data)
    matcher = load_matcher() if index.has_asked else None
    encoder = OnnxEncoder(settings.data / "models" / index.encoder, threads)
    return Library(index, encoder, matcher, None if index.catalogued else usual_support(index, encoder))


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


@contextmanager
def following_index(
    assistant: Assistant, corpus: CorpusSettings, own: AssistantSettings | None = None
) -> Iterator[None]:
    """While this lasts, the assistant takes each new version of the index as it is switched to. No answer waits: the new
    version is opened beside. One that cannot be opened is logged once, and the version before goes on serving."""
    own, ended = own or AssistantSettings(), threading.Event()

    def watch() -> None:
        tried = ""
        while not ended.wait(_LOOK_EVERY):
            try:
                version = current_version(corpus.data)
                serving = assistant.library.index.folder.name if assistant.library else ""
                if version not in (serving, tried):
                    tried = version
                    assistant.take(open_library(corpus, own.threads))
            except CorpusError as error:
                logger.error("%s", error)

    thread = threading.Thread(target=watch, name="index", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
