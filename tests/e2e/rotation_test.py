"""Files of a series under load: rotated again and again, killed at random moments, with nothing missing or doubled."""

import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from logger import Logger
from numbered import TOPIC_FILTER, Account, NumberedPublisher, Pace, take_account
from scenario import Scenario, main
from series import list_series, read_series
from waiting import wait_until, wait_while_it_moves

_TURNS = 1000
_KILLS = 9
_SEED = 6


class Rotation(Scenario):
    def setUp(self) -> None:
        super().setUp()
        # Each turn waits for the device, of which a kill needs nothing: thousands of waits are spared.
        memory = Path("/dev/shm")
        if memory.is_dir():
            self.work = Path(tempfile.mkdtemp(prefix="mqtt-logger-test-", dir=memory))
            self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)

    def files(self, extension: str) -> list[Path]:
        """In the order in which they were begun."""
        return list_series(self.work / "exports", "mqtt_data", extension, with_single=False)

    def count(self) -> int:
        return sum(exports.count_lines(path, b'{"') for path in self.files("json"))

    def read_series(self) -> list[exports.Record]:
        return read_series(self.work / "exports", "mqtt_data", with_single=False)

    def test_a_thousand_turns_under_load_killed_at_random_moments(self) -> None:
        chance = random.Random(_SEED)
        broker = self.start_broker("max_queued_messages 0")

        def start() -> Logger:
            return self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port), "--topic", TOPIC_FILTER,
                                   "--rotate-size", "1KiB", "--journal-size", "64KiB")

        logger = start().wait_until_subscribed()
        publisher = NumberedPublisher(broker.port, 1, "5", Pace(rate=1500, burst=50))
        self.addCleanup(publisher.kill)
        for _ in range(_KILLS):
            goal = len(self.files("csv")) + chance.randrange(2 * _TURNS // _KILLS)
            wait_until(lambda: len(self.files("csv")) >= goal, 60, f"{goal} files", poll=0.02)
            time.sleep(chance.uniform(0, 0.02))
            logger.kill()
            logger = start()
        wait_until(lambda: len(self.files("csv")) > _TURNS, 60, f"{_TURNS} files", poll=0.1)
        published = publisher.finish()
        wait_while_it_moves(lambda: self.count() >= published, self.count, 60, f"{published} records", poll=0.5)
        self.assert_stops(logger)
        self.assertGreater(len(self.files("csv")), _TURNS)
        self.assertEqual(take_account(self.read_series(), published), Account())
        self.assertEqual([path.name for path in (self.work / "exports").glob("*aside*")], [])

    def test_rotation_switched_on_and_off_again(self) -> None:
        broker = self.start_broker()
        self.record(broker.port, ["1", "2"])
        before = self.path("json").read_bytes()
        self.record(broker.port, ["3"], "--rotate-every", "day")
        self.record(broker.port, ["4"], "--rotate-every", "day")
        self.assertEqual(self.path("json").read_bytes(), before)
        self.assertEqual(len(self.files("json")), len({record.timestamp[:10] for record in self.read_series()}))
        self.assertEqual([record.payload for record in self.read_series()], [b"3", b"4"])
        self.record(broker.port, ["5"])
        self.assertEqual([record.payload for record in self.read_both()[0]], [b"1", b"2", b"5"])

    def test_seconds_are_periods_too(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--rotate-every", "1s", "--simulate", "--interval", "50ms")
        wait_until(lambda: len(self.files("csv")) >= 4, 20, "four files")
        self.assert_stops(logger)
        names = [record.timestamp[:19] for record in self.read_series()]
        self.assertEqual(len(set(names)), len(self.files("csv")))


if __name__ == "__main__":
    main()
