"""Text and token ids agree to the last byte, whatever kind of tokenizer a model has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

from semioscope.core.errors import InvalidRequest
from semioscope.rules.causal_lm.text import ModelText

CORPUS = ["the engineer said that the machine is a simulator, the machine said so"] * 4
CHAT = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content']"
    " + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>{% endif %}"
)


def byte_level(prefix_space: bool = False) -> Tokenizer:
    """As GPT-2's and the default model's, ids 0 and 1 being special."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens([AddedToken("<b>", normalized=False)])
    return tokenizer


def composing() -> Tokenizer:
    """As Qwen's: byte level, after composing characters (NFC)."""
    tokenizer = byte_level()
    tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def sentence_piece(byte_fallback: bool = True) -> Tokenizer:
    """As Llama 2's: ▁ for spaces, one put before the text, and bytes for what is unknown."""
    characters = ["▁", *"abcdefghijklmnopqrstuvwxyz.,ABC"]
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *characters]
    pieces += ["▁t", "▁th", "▁the", "he"]
    tokenizer = Tokenizer(
        models.BPE(
            vocab={piece: key for key, piece in enumerate(pieces)},
            merges=[("▁", "t"), ("▁t", "h"), ("▁th", "e"), ("h", "e")],
            unk_token="<unk>",
            byte_fallback=byte_fallback,
            fuse_unk=True,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.add_special_tokens(["<s>", "</s>"])
    return tokenizer


def metaspace() -> Tokenizer:
    """As newer ones: the same, by a pre-tokenizer."""
    tokenizer = sentence_piece()
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return tokenizer


KINDS = {
    "byte level": byte_level(),
    "byte level, with a space before": byte_level(prefix_space=True),
    "byte level, composing": composing(),
    "sentence piece": sentence_piece(),
    "metaspace": metaspace(),
}
TEXTS = {name: ModelText(kind.to_str(), 400, (), CHAT) for name, kind in KINDS.items()}


def spelled(text: ModelText, keys: tuple[int, ...]) -> bytes:
    return b"".join(map(text.alphabet.bytes_of, keys))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "said",
    [
        "the engineer",
        " leading, and trailing \n\n",
        "\ttabs\r\nand   runs of spaces",
        "<|im_start|>user\n<s></s><|im_end|>",
        "<b>bold</b> & <script>",
        "🙂👩‍👩‍👧 naïve, and decomposed: nai\u0308ve ﬁ Ⅷ",
        "שלום, مرحبا \u202e right to left",
        "▁ and Ġ and <0x41> are themselves",
        "",
    ],
)
def test_the_bytes_of_the_keys_are_the_bytes_of_the_text(kind: str, said: str) -> None:
    if "▁" in said and kind in ("sentence piece", "metaspace"):
        with pytest.raises(InvalidRequest, match="cannot say that text exactly"):
            TEXTS[kind].encode(said)
        return
    assert spelled(TEXTS[kind], TEXTS[kind].encode(said)) == said.encode()


@given(said=st.text(max_size=40))
def test_any_text_is_spelled_exactly_by_byte_level_tokens(said: str) -> None:
    for kind in ("byte level", "byte level, with a space before", "byte level, composing"):
        assert spelled(TEXTS[kind], TEXTS[kind].encode(said)) == said.encode()


def test_what_looks_like_a_special_token_is_plain_text_unless_one_chats() -> None:
    text = TEXTS["byte level"]
    special = {0, 1}
    assert not special & set(text.encode("<|im_start|><|im_end|>"))
    keys, shown = text.encode_chat("the machine")
    assert shown == "<|im_start|>user\nthe machine<|im_end|><|im_start|>"
    assert [key for key in keys if key in special] == [0, 1, 0]
    assert spelled(text, keys) == shown.encode()
    assert not special & set(text.encode("<|im_start|>"))  # also after a chat


def test_a_model_without_a_template_does_not_chat() -> None:
    text = ModelText(KINDS["byte level"].to_str(), 400, ())
    assert text.chat("hello") is None
    with pytest.raises(InvalidRequest, match="no chat template"):
        text.encode_chat("hello")


def test_a_template_that_fails_says_why() -> None:
    text = ModelText(
        KINDS["byte level"].to_str(), 400, (), "{{ raise_exception('No such role.') }}"
    )
    with pytest.raises(InvalidRequest, match="No such role") as refusal:
        text.encode_chat("hello")
    assert refusal.value.code == "chat-template-failed"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Character 3"):
        TEXTS["byte level"].encode("ab\ud800")


def test_a_text_that_the_tokens_cannot_say_is_refused() -> None:
    text = ModelText(sentence_piece(byte_fallback=False).to_str(), 400, ())
    with pytest.raises(InvalidRequest, match="cannot say that text exactly"):
        text.encode("ü")


def test_a_token_beyond_what_the_model_knows_is_never_said() -> None:
    text = ModelText(KINDS["byte level"].to_str(), 100, ())
    with pytest.raises(InvalidRequest, match="do not belong together"):
        text.encode("the engineer")


def test_tokens_are_shown_as_what_they_add_to_a_text() -> None:
    bytes_of = TEXTS["byte level"].alphabet.bytes_of
    keys = KINDS["byte level"].get_vocab()
    assert bytes_of(keys["Ġthe"]) == b" the"
    assert bytes_of(keys["Ċ"]) == b"\n"
    assert bytes_of(0) == b"<|im_start|>"
    assert bytes_of(399) == b""  # the model has room for it, the tokenizer has none
    bytes_of, keys = TEXTS["sentence piece"].alphabet.bytes_of, KINDS["sentence piece"].get_vocab()
    assert (bytes_of(keys["▁the"]), bytes_of(keys["<0xE2>"])) == (b" the", b"\xe2")
