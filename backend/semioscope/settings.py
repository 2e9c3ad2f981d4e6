"""What a server may be told: folders, addresses, and the bound of everything one can ask for.

Every setting can be given in the environment, as SEMIOSCOPE_ and its name in capitals. Remote
engines are a JSON list:

    SEMIOSCOPE_ENGINES='[{"name": "vLLM", "url": "http://localhost:8000/v1",
                          "tokenizer": "/models/llama", "key_env": "VLLM_KEY"}]'
"""

import re
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, ByteSize, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_REPOSITORY: Final = Path(__file__).resolve().parents[2]

DEFAULT_CACHE_BYTES: Final = 1 << 30


class EngineSettings(BaseModel):
    """An inference engine behind the OpenAI-compatible completions API (vLLM, SGLang, llama.cpp's
    server …). Its key is never written here: only the name of the variable that holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=60)
    """What people choose it by."""
    url: str
    """The base of its API, mostly ending in /v1."""
    tokenizer: str
    """Of its model: a local folder with tokenizer.json, a GGUF file, the hub name of a model in the
    local cache, or "smollm2", the embedded default."""
    model: str | None = None
    """Which of its models; without it the first that it lists."""
    key_env: str | None = None
    """The environment variable that holds its key."""
    window: int | None = Field(default=None, ge=2)
    """The longest state it takes, in tokens, where it does not say so itself."""
    leading: int = Field(default=1000, ge=1)
    """How many leading log-probabilities it is asked for; it may tell fewer."""
    concurrency: int = Field(default=16, ge=1, le=1024)
    """Requests that it is sent at a time."""
    timeout_s: float = Field(default=60.0, gt=0)
    """How long one request may take."""

    @field_validator("url")
    @classmethod
    def _plain(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an engine's url begins with http:// or https://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("an engine's url holds no key; key_env names the variable that does")
        return value.rstrip("/")

    @property
    def slug(self) -> str:
        """The name as a part of an id."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-") or "1"

    @property
    def summary(self) -> str:
        """One sentence for people who choose."""
        return f"A language model of the engine {self.name}: its leading next tokens are told."


class Settings(BaseSettings):
    """The settings of one server; immutable once made."""

    model_config = SettingsConfigDict(
        env_prefix="SEMIOSCOPE_",
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
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
    """Further causal LMs, comma-separated: hub names (owner/name, owner/name@revision,
    owner/name:file.gguf), local folders, GGUF files."""
    engines: tuple[EngineSettings, ...] = ()
    """Remote inference engines, as a JSON list."""
    load_at_start: Annotated[tuple[str, ...] | None, NoDecode] = None
    """Ids of the rules that a server loads when it starts, comma-separated, or "none". Without it:
    the default rule."""
    max_loaded: int = Field(default=2, ge=1)
    """Models that stay in memory at a time; who needs another has the longest unused one leave."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """What evaluates the models; auto is CUDA if there is such a device."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """The numbers of a model; auto is float32. It is part of a rule's identity."""
    cache_bytes: ByteSize = Field(default=ByteSize(DEFAULT_CACHE_BYTES), ge=1)
    """What one model's engine may keep of keys, values and hidden states: in bytes, or as 2GiB."""
    torch_threads: int | None = Field(default=None, ge=1)
    """Threads of one forward pass; None leaves it to torch."""

    max_nodes: int = Field(default=200_000, ge=1)
    """Nodes of one tree."""
    max_budget: int = Field(default=4096, ge=1)
    """Expansions of one growth."""
    max_prompt_tokens: int = Field(default=2048, ge=1)
    max_body_bytes: int = Field(default=1_000_000, ge=1)
    view_states_per_hour: int = Field(default=100_000, ge=1)
    """States that may be evaluated for what one identity looks at, without being asked for."""
    growths_in_flight: int = Field(default=4, ge=1)
    """Growths that one identity may have running."""
    linger_s: float = Field(default=10.0, ge=0)
    """How long a growth goes on when the page that asked for it is gone, and no other page of the
    same person is on the tree."""
    requests_per_minute: int = Field(default=600, ge=1)
    """Requests of one identity."""
    max_made_rules: int = Field(default=256, ge=1)
    """Rules that visitors made and the server keeps; trees remember how to make theirs again."""
    made_rules_of_one: int = Field(default=32, ge=1)
    """The same, of one identity."""
    snapshot_every: int = Field(default=50_000, ge=1)
    """Nodes between two snapshots of a tree."""

    @field_validator("models", "load_at_start", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("engines")
    @classmethod
    def _distinct(cls, value: tuple[EngineSettings, ...]) -> tuple[EngineSettings, ...]:
        if len({engine.slug for engine in value}) < len(value):
            raise ValueError("every engine needs a name of its own")
        return value

    @field_validator("load_at_start")
    @classmethod
    def _none(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return () if value == ("none",) else value

    @field_validator("data_folder", "cache_folder", "page_folder")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def database_path(self) -> Path:
        """The one file that holds every tree."""
        return self.data_folder / "semioscope.sqlite"
