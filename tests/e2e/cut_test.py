"""A connection that is cut again and again under load: nothing is missing, and nothing stands there twice.

CUT_SECONDS says for how long it is cut; the long run is 60.
"""

import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from numbered import TOPIC_FILTER, Account, NumberedPublisher, Pace, take_account
from proxy import Proxy
from scenario import Scenario, main
from waiting import wait_until

_SECONDS = float(os.environ.get("CUT_SECONDS", "3"))
_PAUSE = (0.2, 2.0)


class Cuts(Scenario):
    def run_cuts(self, qos: int, version: str) -> None:
        seed = random.randrange(2**32)
        print(f"seed {seed}", file=sys.stderr)
        pauses = random.Random(seed)
        broker = self.start_broker()
        proxy = Proxy(broker.port)
        self.addCleanup(proxy.close)
        logger = self.start_logger(proxy.port, "--topic", TOPIC_FILTER, "--qos", str(qos), "--mqtt-version", version)
        publisher = NumberedPublisher(broker.port, qos, version, Pace(2000, 50), self.path("csv"))
        self.addCleanup(publisher.kill)
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            time.sleep(pauses.uniform(*_PAUSE))
            proxy.cut()
        published = publisher.finish()
        self.assertGreater(published, 0)
        wait_until(lambda: exports.count_lines(self.path("csv")) > published
                   and take_account(exports.read_csv(self.path("csv")), published).lost == 0,
                   120, f"all of {published} messages", poll=0.2)
        self.assert_stops(logger)
        self.assertGreater(len(logger.find("connection lost")), 0)
        self.assertEqual(take_account(self.read_both()[0], published), Account())

    def test_qos_1(self) -> None:
        self.run_cuts(1, "5")

    def test_qos_2(self) -> None:
        self.run_cuts(2, "5")

    def test_qos_1_with_mqtt_3_1_1(self) -> None:
        self.run_cuts(1, "3.1.1")

    def test_qos_2_with_mqtt_3_1_1(self) -> None:
        self.run_cuts(2, "3.1.1")


if __name__ == "__main__":
    main()
