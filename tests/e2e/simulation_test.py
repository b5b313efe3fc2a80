"""The seed scenario: simulated sensors, two exports, `q`."""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from scenario import Scenario, main
from waiting import wait_until


class Simulation(Scenario):
    def test_readings_of_six_sensors_appear_in_both_exports_and_q_quits(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--simulate", "--interval", "0.2s")
        self.wait_for_records(40, seconds=30)
        self.assert_stops(logger, "q")

        records, _ = self.read_both()
        self.assertEqual(len({record.topic for record in records}), 6)
        self.assertTrue(all(record.topic.startswith("sensors/") for record in records))
        self.assertTrue(all({"value", "unit", "seq"} == set(json.loads(record.payload)) for record in records))
        self.assertTrue(logger.find(rf"received {len(records)}\b"), "the summary counts what is in the exports")

    def test_what_was_simulated_proves_to_be_whole(self) -> None:
        """The three lines of the README, with a kill in between."""
        broker = self.start_broker()
        options = ("--simulate", "--interval", "20ms", "--output", "proof/data")
        killed = self.start_logger(broker.port, *options)
        self.wait_for_records(100, 30, "proof/data")
        killed.kill()
        logger = self.start_logger(broker.port, *options)
        self.wait_for_records(300, 30, "proof/data")
        self.assert_stops(logger)
        verify = self.run_logger("--verify", "proof/data", "--sequence", "/seq")
        self.assertEqual(verify.wait(30), 0, verify.output)
        records, _ = self.read_both("proof/data")
        numbered = f"{len(records)} of {len(records)} records numbered, missing 0, doubled 0, late 0"
        self.assertEqual(verify.output.replace(",", "").count(numbered.replace(",", "")), 2, verify.output)

    def test_number_of_sensors_can_be_set(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--simulate", "--interval", "100ms", "--sensors", "17")
        self.wait_for_records(100, seconds=30)
        self.assert_stops(logger)
        records, _ = self.read_both()
        self.assertEqual(len({record.topic for record in records}), 17)

    def test_readings_follow_the_topic_filter(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--simulate", "--interval", "100ms", "--topic", "plant/hall1/#")
        self.wait_for_records(12, seconds=30)
        self.assert_stops(logger)
        records, _ = self.read_both()
        self.assertTrue(all(record.topic.startswith("plant/hall1/") for record in records))

    def test_interval_is_kept(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--simulate", "--interval", "500ms", "--sensors", "1")
        self.wait_for_records(6, seconds=30)
        self.assert_stops(logger)
        records, _ = self.read_both()
        seconds = [float(re.sub(r".*:", "", record.timestamp)[:-1]) for record in records]
        steps = [(right - left) % 60 for left, right in zip(seconds, seconds[1:])]
        self.assertTrue(0.3 < sorted(steps)[len(steps) // 2] < 0.9, f"steps in seconds: {steps}")

    def test_goes_on_after_a_restart_of_the_broker(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--simulate", "--interval", "50ms", "--stats-every", "50ms")
        self.wait_for_records(20, seconds=30)
        broker.restart()
        logger.wait_for("subscribed to", 30, count=2)
        before = self.count_records()
        self.wait_for_records(before + 20, seconds=30)
        self.assert_stops(logger)

    def test_without_simulate_nothing_is_published(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        self.connect(broker.port).publish("sensors/only", "1")
        self.wait_for_records(1)
        self.assert_stops(logger)
        records, _ = self.read_both()
        self.assertEqual([record.topic for record in records], ["sensors/only"])

    def test_stops_with_everything_written_while_simulation_runs_at_full_speed(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--simulate", "--interval", "0s")
        self.wait_for_records(2000, seconds=30)
        self.assert_stops(logger)
        records, _ = self.read_both()
        wait_until(lambda: logger.find(rf"written {len(records)}\b"), 1, "a summary of what is in the exports")
        self.assertEqual(exports.count_lines(self.path("json"), b'{"'), len(records))


if __name__ == "__main__":
    main()
