"""The manifest: what a plugin says of itself before anything is built, and what its import costs."""

import os
import re
import subprocess
import sys
from functools import cache
from types import ModuleType

import msgspec
import pytest

from lockgate_ports.cards import ModelCard, Rates
from lockgate_ports.testkit.declared import Declared
from lockgate_ports.testkit.provider import Provider, factories, factory_of
from lockgate_ports.testkit.samples import KEY
from lockgate_ports.testkit.splitting import first_letter_outside_ascii

_CLASSES = ("input", "output", "cache_read", "cache_write", "input_audio", "output_audio", "request")
_LOOK = """
import sys, lockgate_ports.hooks, lockgate_ports.http_model, lockgate_ports.patch, lockgate_ports.accumulate
before = set(sys.modules)
ways_out = []
def heard(event, arguments):
    if event.startswith(("socket.", "subprocess.")):
        ways_out.append(event)
sys.addaudithook(heard)
__import__(sys.argv[1])
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
print(*ways_out)
"""


class Manifest(Declared):
    """What holds before the first call."""

    def test_the_samples_can_tell_right_from_wrong(self) -> None:
        """Look at the samples: a contract is as strict as its bytes. They need letters outside ASCII as UTF-8, two tool
        calls with ids that differ, usage with and without, the key echoed in two errors, and a wait in a rate limit."""
        samples = self.samples
        assert first_letter_outside_ascii(samples.text.stream) is not None, "`text` streams no letter outside ASCII"
        calls = [call for choice in samples.parallel_tools.choices for call in choice.tool_calls]
        assert len(calls) >= 2, "`parallel_tools` holds fewer than two calls"
        assert len({call.arguments for call in calls}) == len(calls), "the calls of `parallel_tools` are alike"
        assert len([call for choice in samples.tool_call.choices for call in choice.tool_calls]) == 1
        assert samples.text.usage is not None, "`text` reports no usage"
        assert samples.text.usage.input_tokens != samples.text.usage.output_tokens, "input and output look alike"
        assert samples.no_usage.usage is None, "`no_usage` reports usage"
        assert KEY.encode() in samples.invalid_key.body, "`invalid_key` does not echo KEY"
        assert KEY.encode() in samples.broken_stream.stream, "`broken_stream` does not echo KEY"
        assert samples.rate_limited.retry_after, "`rate_limited` names no wait"
        assert samples.no_answer, "`no_answer` holds no body"
        for sample in samples.answers.values():
            assert sample.stream.endswith(samples.stream_end), "a stream does not end with `stream_end`"

    def test_each_kind_is_named_once_and_well(self) -> None:
        """Look at `register_models`: kinds are kebab-case words that no other factory of the plugin has."""
        kinds = [factory.kind for factory in factories(self.plugin)]
        assert len(set(kinds)) == len(kinds)
        assert [kind for kind in kinds if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind)] == []
        assert self.kind in kinds

    def test_a_typo_in_the_settings_is_refused(self) -> None:
        """Look at the settings Struct: `forbid_unknown_fields=True`, or a typo is a setting that does nothing."""
        factory = factory_of(self.plugin, self.kind)
        assert issubclass(factory.settings, msgspec.Struct)
        with pytest.raises(msgspec.ValidationError, match="no_such_setting"):
            msgspec.convert({**self.settings, "no_such_setting": 1}, factory.settings)

    def test_the_settings_have_a_json_schema(self) -> None:
        """Look for a field whose type msgspec cannot describe; editors and `lockgate check` read the schema."""
        assert msgspec.json.schema(factory_of(self.plugin, self.kind).settings)

    def test_models_are_listed_once(self) -> None:
        """Look at the catalogue: two cards of one id contradict each other, and a name is what goes
        upstream, to the letter."""
        cards = factory_of(self.plugin, self.kind).catalogue()
        assert len({card.id for card in cards}) == len(cards)
        assert [card.id for card in cards if card.id.strip() != card.id or not card.id] == []

    def test_prices_say_whose_they_are_and_what_a_call_costs(self) -> None:
        """Look at the prices in the catalogue: each names the provider's own page, no rate is 0 where it is not known,
        and a tier or service tier prices every class of tokens that stands in the rates, since none is taken over."""
        for card in factory_of(self.plugin, self.kind).catalogue():
            if card.price is None:
                continue
            assert card.price.source.startswith("https://"), card.id
            rates = card.price.rates
            assert rates.input or rates.request, f"{card.id}: a call costs nothing"
            lengths = [tier.above_input_tokens for tier in card.price.tiers]
            assert lengths == sorted(set(lengths)), f"{card.id}: its tiers are not in order"
            for other in (*(tier.rates for tier in card.price.tiers), *card.price.service_tiers.values()):
                missing = [name for name in _CLASSES if _lost(name, rates, other)]
                assert missing == [], f"{card.id}: {other} has no price of {missing}"

    async def test_a_model_in_the_settings_is_laid_over_its_card(self, provider: Provider) -> None:
        """Look at `build`: the model's cards are `overlaid(catalogue, settings.models)`, so that a name or card in the
        settings adds to what is known and hides nothing."""
        known = provider.factory.catalogue()
        wanted = [*(card.id for card in known[:1]), "a-model-of-ones-own"]
        built = provider.built({"models": [*wanted[:-1], {"id": wanted[-1], "context_tokens": 4711}]})
        cards = {card.id: card for card in built.models}
        assert list(cards)[: len(wanted)] == wanted
        assert cards.pop(wanted[-1]) == ModelCard(id=wanted[-1], context_tokens=4711)
        assert cards == {card.id: card for card in known}

    async def test_requests_go_where_the_factory_says(self, provider: Provider) -> None:
        """Look at the factory's `origins`: it is the provider's egress allowance, so it must name every place that is
        asked, with these settings, and no request may go elsewhere."""
        origins = provider.factory.origins(provider.settings)
        assert origins
        await provider.chat(provider.plain(provider.samples.text))
        await provider.stream(provider.streamed(provider.samples.text.stream))
        await provider.probe(provider.plain(provider.samples.text))
        assert {request.origin for request in provider.http.requests} <= set(origins)
        assert all(request.target.startswith("/") for request in provider.http.requests)
        assert all(name == name.lower() for request in provider.http.requests for name, _ in request.headers)

    def test_importing_the_plugin_imports_ports_alone(self) -> None:
        """Look at the plugin's `__init__`: every gateway imports it, even one that never uses it. Heavy imports wait
        for `build`, and nothing is opened or started."""
        check_import(self.plugin)


def check_import(plugin: ModuleType) -> None:
    """Fails for a plugin whose import brings in more than ports, or reaches out."""
    look = _look(plugin.__name__)
    assert look.returncode == 0, look.stderr
    imported, ways_out = look.stdout.split("\n")[:2]
    allowed = {plugin.__name__.partition(".")[0], "lockgate_ports", "msgspec", "pluggy"}
    foreign = {name for name in imported.split() if not name.startswith("llm_plugin_")}
    assert foreign - allowed - sys.stdlib_module_names == set()
    assert ways_out == ""


def _lost(name: str, rates: Rates, other: Rates) -> bool:
    return getattr(rates, name) is not None and getattr(other, name) is None


@cache
def _look(plugin: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(  # noqa: S603  the arguments are this very interpreter and the module under test
        [sys.executable, "-c", _LOOK, plugin],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
