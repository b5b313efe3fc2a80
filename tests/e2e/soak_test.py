"""The first minute of scripts/soak."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from scenario import Scenario, main
from soak import Soak, find_fake_clock
from waiting import SLOWNESS

_SECONDS = 30
_RATE = 500
_PAUSE = (0.3, 2.0)
_SEED = 6
_MOST_GROWTH_KIB = 2048  # while the heap finds its size; half an hour of scripts/soak is allowed less


class FirstMinute(Scenario):
    @unittest.skipUnless(sys.platform == "linux", "needs /proc")
    def test_everything_at_once_costs_no_message_and_no_memory(self) -> None:
        self.assertIsNotNone(find_fake_clock(), "scripts/install-dependencies test installs libfaketime")
        result = Soak(self.directory / "soak", _SECONDS * SLOWNESS, _RATE, _PAUSE, _SEED, _MOST_GROWTH_KIB).run()
        print(f"{dict(result.troubles)}; memory {result.memory}; {result.usage[1]}", file=sys.stderr)
        self.assertEqual(result.faults(), [])


if __name__ == "__main__":
    main()
