"""What settings say of models stands over the catalogue, field by field."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from lockgate_ports.cards import ModelCard, Price, Rates
from lockgate_ports.catalogue import carried, overlaid

PRICE = Price(rates=Rates(input=Decimal("0.1")), source="https://maker.test/prices", as_of="2026-11-12")
SMALL = ModelCard(id="small", operations=("chat",), context_tokens=8192, tools=True, price=PRICE)
LARGE = ModelCard(id="large", operations=("chat",), context_tokens=131_072)


def test_a_card_in_the_settings_changes_what_it_says_and_leaves_the_rest() -> None:
    changed, *rest = overlaid((LARGE, SMALL), [ModelCard(id="small", tools=False, max_output_tokens=512)])
    assert changed == ModelCard(
        id="small", operations=("chat",), context_tokens=8192, max_output_tokens=512, tools=False, price=PRICE
    )
    assert rest == [LARGE]


def test_a_name_says_nothing_and_hides_nothing() -> None:
    assert overlaid((SMALL, LARGE), ["large"]) == (LARGE, SMALL)


def test_further_models_are_added_with_nothing_known_of_them() -> None:
    assert overlaid((SMALL,), ["mine"]) == (ModelCard(id="mine"), SMALL)
    assert ModelCard(id="mine").operations == ()


def test_of_two_rows_of_one_model_the_later_counts() -> None:
    twice = [ModelCard(id="small", context_tokens=1024), ModelCard(id="small", context_tokens=2048)]
    assert [card.context_tokens for card in overlaid((SMALL,), twice)] == [2048]


def test_cards_are_read_from_beside_the_module_and_decimals_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "acme.json").write_text(
        '[{"id": "small", "price": {"rates": {"input": 0.1}, "source": "https://maker.test", "as_of": "2026-11-12"}}]'
    )
    (card,) = carried(str(tmp_path / "kinds.py"), "acme")()
    assert card.price is not None
    assert card.price.rates.input == Decimal("0.1")
    assert card.price.rates.output is None


def test_a_misspelt_field_of_a_card_is_told(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "acme.json").write_text('[{"id": "small", "contxt_tokens": 1}]')
    with pytest.raises(msgspec.ValidationError, match="contxt_tokens"):
        carried(str(tmp_path / "kinds.py"), "acme")()
