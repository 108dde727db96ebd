"""The provider's own list of models: asked for when somebody wants it, and told as it is."""

import pytest
from msgspec import structs

from lockgate_ports.cards import ModelCard
from lockgate_ports.errors import Unsupported, UpstreamError
from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.keys import shows_key, told_by
from lockgate_ports.testkit.provider import Provider
from lockgate_ports.testkit.samples import KEY, LISTED_ON
from lockgate_ports.testkit.scripted import Exchange


class ModelLists(Declared):
    """What becomes of a question for models."""

    async def test_models_are_discovered_as_the_provider_lists_them(self, provider: Provider) -> None:
        """Look at the language of the list (`Languages.models`) and at `model_list` of the samples: every page is asked
        for, with the key, and what the list does not say stays unknown. A provider without a list raises Unsupported
        and asks nobody."""
        listed = provider.samples.model_list
        if listed is None:
            with pytest.raises(Unsupported, match="no list"):
                await provider.discover()
            assert provider.http.requests == []
            return
        pages = [Exchange(headers=LISTED_ON, chunks=(body,)) for body in listed.pages]
        found = await provider.discover(*pages)
        assert [_anywhere(card) for card in found] == [_anywhere(card) for card in listed.cards]
        origins = tuple(map(str, provider.factory.origins(provider.settings)))
        assert [card.id for card in found if card.price and not card.price.source.startswith(origins)] == []
        assert len(provider.http.requests) == len(pages)
        for request in provider.http.requests:
            assert request.origin in provider.factory.origins(provider.settings)
            assert self.key_header is None or self.key_form.format(key=KEY) in dict(request.headers)[self.key_header]
            assert not shows_key(request.target)

    async def test_a_list_that_is_none_is_an_error_without_the_key(self, provider: Provider) -> None:
        """Look at the language of the list: a refusal is told as any other, and a page that makes no sense is an
        UpstreamError, never an empty list."""
        if provider.samples.model_list is None:
            return
        refused = provider.samples.invalid_key
        with pytest.raises(UpstreamError) as caught:
            await provider.discover(Exchange(status=refused.status, headers=refused.headers, chunks=(refused.body,)))
        assert caught.value.kind == "auth"
        assert not shows_key(*told_by(caught.value))
        for body in (b"", b"null", b"{", b"{}", b'{"data": 7, "models": 7}', b'{"data": [7], "models": [{}]}'):
            with pytest.raises(UpstreamError):
                await provider.discover(Exchange(chunks=(body,)))


def _anywhere(card: ModelCard) -> ModelCard:
    return structs.replace(card, price=card.price and structs.replace(card.price, source="its own list"))
