"""`python -m benchmarks.prices`: a million steps of everything that can happen to a price."""

from __future__ import annotations

import argparse
import time

from benchmarks.price_world import PriceWorld, play

ROUND = 1000


def main() -> None:
    """Play seeded shops of a thousand steps each; ends with a fault at the first overcharge."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    start, rounds = time.perf_counter(), -(-asked.steps // ROUND)
    for n in range(rounds):
        world = PriceWorld()
        play(world, ROUND, asked.seed + n)
        world.settle()
    seconds = time.perf_counter() - start
    print(f"{rounds * ROUND:,} steps without an overcharge, {seconds:.0f} s")


if __name__ == "__main__":
    main()
