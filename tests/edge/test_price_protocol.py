"""The price protocol among everything that can go wrong, and what each of its rules is good for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from msgspec.structs import replace
from typing_extensions import override

from benchmarks.price_world import (
    AMOUNTS,
    GTINS,
    HOUR_MS,
    LABELS,
    MINUTE_MS,
    Opener,
    Overcharged,
    PriceWorld,
    open_prices,
    play,
)
from edge.commands import BindLabel, KeepPicture
from edge.events import Event, PriceEffective
from edge.labels import Glass, Label
from edge.pricebook import Quote
from edge.prices import PriceRows, PriceRules, Prices
from edge.pricing import Price, Pricing
from edge.readings import LabelShown

STEPS = 2_000
SEEDS = range(20)
MOST_SEEDS = 200


class PriceMachine(RuleBasedStateMachine):
    """Any order of sends, words, losses, restarts, binds and clock steps."""

    def __init__(self) -> None:
        """Open a shop."""
        super().__init__()
        self.world = PriceWorld()

    @rule(
        gtin=st.sampled_from(GTINS),
        amount=st.sampled_from(AMOUNTS),
        member=st.none() | st.sampled_from(AMOUNTS),
    )
    def price(self, gtin: str, amount: int, member: int | None) -> None:
        """Ask for another price."""
        self.world.price(gtin, amount, member)

    @rule(which=st.integers(0, 8))
    def cancel(self, which: int) -> None:
        """Take a price set back."""
        self.world.cancel(which)

    @rule(
        gtin=st.sampled_from(GTINS),
        amount=st.sampled_from(AMOUNTS),
        begins=st.integers(0, HOUR_MS),
        lasts=st.integers(1, HOUR_MS),
    )
    def promote(self, gtin: str, amount: int, begins: int, lasts: int) -> None:
        """Plan a promotion."""
        self.world.promote(gtin, amount, begins, lasts)

    @rule(label=st.sampled_from(LABELS), gtin=st.sampled_from(GTINS))
    def bind(self, label: str, gtin: str) -> None:
        """Let a label show a product."""
        self.world.bind(label, gtin)

    @rule(label=st.sampled_from(LABELS))
    def take_down(self, label: str) -> None:
        """Take a label off the shelf."""
        self.world.take_down(label)

    @rule()
    def send(self) -> None:
        """Draw or send one picture."""
        self.world.send()

    @rule(label=st.sampled_from(LABELS), which=st.integers(0, 8), doubled=st.booleans())
    def arrive(self, label: str, which: int, *, doubled: bool) -> None:
        """Let a picture appear on the glass."""
        self.world.arrive(label, which, doubled=doubled)

    @rule(label=st.sampled_from(LABELS))
    def lose(self, label: str) -> None:
        """Lose pictures."""
        self.world.lose(label)

    @rule(which=st.integers(0, 8), doubled=st.booleans())
    def tell(self, which: int, *, doubled: bool) -> None:
        """Let a label's word arrive."""
        self.world.tell(which, doubled=doubled)

    @rule()
    def go_dumb(self) -> None:
        """Lose words."""
        self.world.go_dumb()

    @rule(ms=st.sampled_from([1000, MINUTE_MS, 11 * MINUTE_MS]))
    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.world.wait(ms)

    @rule(ms=st.sampled_from([-HOUR_MS, HOUR_MS]))
    def set_clock(self, ms: int) -> None:
        """Set the clock."""
        self.world.set_clock(ms)

    @rule()
    def restart(self) -> None:
        """Kill the gateway and start it again."""
        self.world.restart()

    @rule(gtin=st.sampled_from(GTINS), amount=st.sampled_from(AMOUNTS))
    def die_at(self, gtin: str, amount: int) -> None:
        """Kill the gateway while it changes a price."""
        self.world.die_at(gtin, amount)


PriceMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
TestPriceMachine = PriceMachine.TestCase


@pytest.mark.parametrize("seed", SEEDS)
def test_no_shopper_is_overcharged(seed: int) -> None:
    """Neither at the till nor online, whatever happens; in the end all agree on what was asked."""
    world = PriceWorld()
    play(world, STEPS, seed)
    world.settle()
    assert [(price.till, price.till_member, price.effective) for price in world.prices()] == [
        (price.amount, price.to_members, True) for price in world.prices()
    ]


class OnlyTheNewestPicture(Pricing):
    """Believes that a picture is on the glass as soon as it was sent."""

    @staticmethod
    def _visible(gtin: str, labels: Iterable[Label]) -> list[Glass]:
        newest = [label.glass[-1] for label in labels if label.glass]
        return [glass for glass in newest if glass.gtin == gtin]


class OnlyItsOwnLabels(Pricing):
    """Forgets the glass of a label that was bound to another product."""

    @staticmethod
    def _visible(gtin: str, labels: Iterable[Label]) -> list[Glass]:
        own = [label for label in labels if label.gtin == gtin]
        return [glass for label in own for glass in label.glass if glass.gtin == gtin]


class MembersPayWhatTheyAreTold(Pricing):
    """Minds what labels ask of everybody, and not what they ask of members."""

    @staticmethod
    def _visible(gtin: str, labels: Iterable[Label]) -> list[Glass]:
        glasses = [glass for label in labels for glass in label.glass if glass.gtin == gtin]
        return [replace(glass, member=None) for glass in glasses]


class PreloadedIsNotShown(Pricing):
    """Believes that labels keep a picture until its time: their clocks may be wrong."""

    @staticmethod
    def _visible(gtin: str, labels: Iterable[Label]) -> list[Glass]:
        shown = [label.glass[:-1] if label.preloads else label.glass for label in labels]
        return [glass for glasses in shown for glass in glasses if glass.gtin == gtin]


class SendsBeforeItIsJournalled(Pricing):
    """Notes a picture when the label confirms it, and not before it is sent."""

    @override
    def keep(self, command: KeepPicture, now: int) -> tuple[None, list[Event]]:
        before = self.labels[command.label].glass
        answer, events = super().keep(command, now)
        label = self.labels[command.label]
        self.labels.put(label.label, replace(label, glass=before))
        return answer, events

    @override
    def shown(self, reading: LabelShown, now: int) -> list[Event]:
        label = self.labels[reading.label]
        if label.content and reading.image == label.image:
            super().keep(KeepPicture(label.label, label.revision, reading.image, b"png"), now)
        return super().shown(reading, now)


class AnyWordWillDo(Pricing):
    """Takes any word of a label as one for its newest picture."""

    @override
    def shown(self, reading: LabelShown, now: int) -> list[Event]:
        image = self.labels[reading.label].image
        return super().shown(LabelShown(now, reading.label, image or reading.image), now)


class SilenceIsConsent(Pricing):
    """Takes a label that does not answer for one that shows its picture."""

    @override
    def advance(self, now: int) -> list[Event]:
        told: list[Event] = []
        for label in self.labels:
            if label.state == "sent" and now - label.sent_at > MINUTE_MS:
                told += self.shown(LabelShown(now, label.label, label.image or ""), now)
        return [*told, *super().advance(now)]


class NoGrace(Pricing):
    """Charges a higher price as soon as the labels show it."""

    @override
    def _held_until(self, price: Price, now: int, *, waits: bool) -> int:
        return min(super()._held_until(price, now, waits=waits), now) if not waits else 2**62


class PromotionsEndAtTheTill(Pricing):
    """Charges the regular price at the moment when a promotion ends."""

    @override
    def want(self, gtin: str, quote: Quote, now: int) -> list[Event]:
        before = self.prices.get(gtin)
        events = super().want(gtin, quote, now)
        if before and before.promotion and not quote.promotion:
            self.prices.put(gtin, replace(self.prices[gtin], till=quote.amount))
        return events


class TellsWhatIsWanted(Pricing):
    """Tells the online channel the price that was asked for."""

    @override
    def _effective(self, price: Price) -> PriceEffective:
        return replace(super()._effective(price), amount=price.amount)


class BindingWipesTheGlass(Pricing):
    """Takes a label that is hung up again for an empty one."""

    @override
    def bind(self, command: BindLabel, now: int) -> tuple[None, list[Event]]:
        label = self.labels[command.label]
        if label.gtin != command.gtin:
            self.labels.put(label.label, replace(label, glass=()))
        return super().bind(command, now)


def forgetful(rows: PriceRows, rules: PriceRules, now: int) -> Prices:
    """Open prices that keep only the newest picture of each label over a restart."""
    for label in rows.labels:
        rows.labels.put(label.label, replace(label, glass=label.glass[-1:]))
    return open_prices()(rows, rules, now)


@pytest.mark.parametrize(
    "opened",
    [
        *(
            open_prices(kind)
            for kind in (
                OnlyTheNewestPicture,
                OnlyItsOwnLabels,
                MembersPayWhatTheyAreTold,
                SendsBeforeItIsJournalled,
                AnyWordWillDo,
                SilenceIsConsent,
                NoGrace,
                PromotionsEndAtTheTill,
                TellsWhatIsWanted,
                BindingWipesTheGlass,
            )
        ),
        forgetful,
    ],
)
def test_without_a_rule_a_shopper_is_overcharged(
    opened: Opener,
) -> None:
    """Each rule is needed: what plays on without it comes to an overcharge."""
    with pytest.raises(Overcharged):
        play_all(lambda: PriceWorld(opened))


@pytest.mark.parametrize(("protocol", "cheats"), [(Pricing, False), (PreloadedIsNotShown, True)])
def test_a_label_may_show_what_it_is_to_keep_at_any_time(
    protocol: type[Pricing], *, cheats: bool
) -> None:
    """Its clock may be wrong: the lower price counts from the moment that it is on its way."""
    world = PriceWorld(open_prices(protocol))
    world.price(GTINS[0], 300)
    world.bind(LABELS[0], GTINS[0])
    world.settle()
    world.promote(GTINS[0], 200, 20 * MINUTE_MS, HOUR_MS)
    world.wait(11 * MINUTE_MS)
    world.send_all()
    with pytest.raises(Overcharged) if cheats else nullcontext():
        world.arrive(LABELS[0], 0)


def test_a_label_that_draws_what_was_overtaken_cheats() -> None:
    """Labels must not draw a revision that is older than the one they show."""
    with pytest.raises(Overcharged):
        play_all(lambda: PriceWorld(heeds=False))


def play_all(opened: Callable[[], PriceWorld]) -> None:
    """Play one shop after the other, until somebody is overcharged."""
    for seed in range(MOST_SEEDS):
        play(opened(), STEPS, seed)
