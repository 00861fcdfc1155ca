"""Whom to turn to: contacts from a file that a council keeps, with the date they were last confirmed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.domain import Reason, Signpost
from assistant.errors import SettingsError
from corpus.domain import Nation


class _Contact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Annotated[str, Field(min_length=1)]
    how: Annotated[str, Field(min_length=1)]


class _ByNation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    england: list[_Contact] = []
    scotland: list[_Contact] = []


class Contacts(BaseModel):
    """The file's shape. `safety` is shown with the safety panel, `young_person` to a child or young person, `needs` by
    the topic of a declined question (replies/topics.yaml), the rest with the reason it is named after."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    last_confirmed: str
    safety: Annotated[list[_Contact], Field(min_length=1)]
    individual_child: _ByNation
    parent_or_carer: _ByNation
    send_out_of_cohort: _ByNation
    young_person: _ByNation
    needs: dict[str, _ByNation] = {}

    def for_safety(self) -> tuple[Signpost, ...]:
        return tuple(Signpost(contact.who, contact.how) for contact in self.safety)

    def for_need(self, topics: Sequence[str], nation: Nation) -> tuple[Signpost, ...]:
        """Whom to ask about these topics, in their order; a topic without contacts of its own has none."""
        return tuple(
            Signpost(contact.who, contact.how)
            for topic in topics
            if topic in self.needs
            for contact in getattr(self.needs[topic], nation)
        )

    def for_reason(self, reason: Reason, nation: Nation, young: bool = False) -> tuple[Signpost, ...]:
        """Whom to turn to where a question was declined for this reason; a reason without a list of its own has none."""
        if reason is Reason.SAFEGUARDING:
            return self.for_safety()
        lists = self.young_person if young else getattr(self, reason.value, None)
        if not isinstance(lists, _ByNation):
            return ()
        return tuple(Signpost(contact.who, contact.how) for contact in getattr(lists, nation))


def load_contacts(path: Path) -> Contacts:
    """Raises SettingsError where the file is missing or malformed."""
    try:
        return Contacts.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error).replace("\n", " ")
        raise SettingsError(
            f"{path}: cannot be used ({detail}). Compare it with assistant/scope/contacts.yaml"
        ) from error
