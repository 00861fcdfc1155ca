"""Settings of the question's path, read from the environment (prefix VSA_) when asked for, never at import."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).parent


class AssistantSettings(BaseSettings):
    """What a council may set."""

    model_config = SettingsConfigDict(env_prefix="VSA_", extra="ignore")

    contacts: Path = HERE / "scope" / "contacts.yaml"
    # Threads that one embedding uses. A question is small: a second thread gains nothing (13.1 ms an answer against 14.4).
    threads: int = 1
