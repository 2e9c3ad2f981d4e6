"""Anonymous identities and their tokens."""

from unittest.mock import AsyncMock

import pytest
from sqlalchemy import func, select

from semioscope.store import identities as identities_module
from semioscope.store.identities import Identities
from semioscope.store.schema import identities as table

from .conftest import Store


async def stored_count(store: Store) -> int:
    return (
        await store.database.read(
            lambda connection: connection.scalar(select(func.count()).select_from(table))
        )
        or 0
    )


async def test_a_newcomer_gets_a_token_that_stands_for_them(store: Store) -> None:
    first = await store.identities.resolve(None)
    assert first.is_new
    assert first.new_token is not None
    again = await store.identities.resolve(first.new_token)
    assert (again.id, again.new_token, again.is_new) == (first.id, None, False)


async def test_nothing_is_written_until_an_identity_is_kept(store: Store) -> None:
    identity = await store.identities.resolve(None)
    assert await stored_count(store) == 0
    await store.identities.keep(identity.id)
    await store.identities.keep(identity.id)
    assert await stored_count(store) == 1


async def test_a_kept_identity_outlives_the_server_and_its_cookie_is_renewed_once(
    store: Store,
) -> None:
    identity = await store.identities.resolve(None)
    await store.identities.keep(identity.id)
    later = Identities(store.database)
    seen = await later.resolve(identity.new_token)
    assert (seen.id, seen.new_token, seen.is_new) == (identity.id, identity.new_token, False)
    assert (await later.resolve(identity.new_token)).new_token is None


async def test_a_known_token_is_resolved_from_memory(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = await store.identities.resolve(None)
    await store.identities.keep(identity.id)
    monkeypatch.setattr(store.database, "read", AsyncMock(side_effect=AssertionError))
    monkeypatch.setattr(store.database, "write", AsyncMock(side_effect=AssertionError))
    assert (await store.identities.resolve(identity.new_token)).id == identity.id
    await store.identities.keep(identity.id)


@pytest.mark.parametrize("is_kept", [True, False])
async def test_a_wrong_secret_makes_somebody_new(store: Store, is_kept: bool) -> None:
    identity = await store.identities.resolve(None)
    if is_kept:
        await store.identities.keep(identity.id)
    forged = await store.identities.resolve(f"{identity.id}.{'A' * 43}")
    assert forged.is_new
    assert forged.id != identity.id
    assert (await store.identities.resolve(identity.new_token)).id == identity.id


@pytest.mark.parametrize(
    "token", ["", ".", "x", "a.b", "é.\x00", "a" * 22 + "." + "b" * 43, "x" * 9000]
)
async def test_a_token_that_is_none_makes_somebody_new(store: Store, token: str) -> None:
    assert (await store.identities.resolve(token)).is_new


async def test_the_memory_is_bounded_and_only_those_not_kept_are_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities_module, "CACHED", 2)
    kept = await store.identities.resolve(None)
    await store.identities.keep(kept.id)
    passing = await store.identities.resolve(None)
    for _ in range(3):
        await store.identities.resolve(None)
    assert (await store.identities.resolve(kept.new_token)).id == kept.id
    assert (await store.identities.resolve(passing.new_token)).is_new
    with pytest.raises(KeyError):
        await store.identities.keep(passing.id)


async def test_last_seen_is_written_at_most_once_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    identity = await store.identities.resolve(None)

    async def last_seen() -> tuple[float, float]:
        rows = await store.database.read(
            lambda c: c.execute(select(table.c.created_at, table.c.last_seen))
        )
        created, seen = rows.one()
        return created, seen

    await store.identities.keep(identity.id)
    now += 3600
    await store.identities.keep(identity.id)
    assert await last_seen() == (1_000_000.0, 1_000_000.0)
    now += 86_400
    await store.identities.keep(identity.id)
    assert await last_seen() == (1_000_000.0, now)
