"""What a server may be told: folders, addresses, and the bound of everything one can ask for.

Every setting can be given in the environment, as SEMIOSCOPE_ and its name in capitals.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_REPOSITORY: Final = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """The settings of one server; immutable once made."""

    model_config = SettingsConfigDict(
        env_prefix="SEMIOSCOPE_", frozen=True, extra="forbid", populate_by_name=True
    )

    data_folder: Path = Path("~/.local/share/semioscope")
    """Where the trees are kept."""
    cache_folder: Path = Field(
        default=Path("~/.cache/semioscope"),
        validation_alias=AliasChoices("SEMIOSCOPE_CACHE", "SEMIOSCOPE_CACHE_FOLDER"),
    )
    """What can be made again: converted models."""
    page_folder: Path = _REPOSITORY / "frontend" / "dist"
    """The built page; without it the server still answers its API."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    lan: bool = False
    """Bind the local network and print its address."""

    models: Annotated[tuple[str, ...], NoDecode] = ()
    """Further causal LMs, comma-separated: hub names, local folders, GGUF files."""
    torch_threads: int | None = Field(default=None, ge=1)
    """Threads of one forward pass; None leaves it to torch."""

    max_nodes: int = Field(default=200_000, ge=1)
    """Nodes of one tree."""
    max_budget: int = Field(default=4096, ge=1)
    """Expansions of one growth."""
    max_prompt_tokens: int = Field(default=2048, ge=1)
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    growths_in_flight: int = Field(default=4, ge=1)
    """Growths that one identity may have running."""
    linger_s: float = Field(default=30.0, ge=0)
    """How long a growth goes on when the page that asked for it is gone, and no other page of the
    same person is on the tree."""
    requests_per_minute: int = Field(default=600, ge=1)
    """Requests of one identity."""
    snapshot_every: int = Field(default=50_000, ge=1)
    """Nodes between two snapshots of a tree."""

    @field_validator("models", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("data_folder", "cache_folder", "page_folder")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def database_path(self) -> Path:
        """The one file that holds every tree."""
        return self.data_folder / "semioscope.sqlite"
