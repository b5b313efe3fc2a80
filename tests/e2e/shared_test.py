"""Loggers that share a stream: what they record together is complete, whatever happens to one of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from logger_group import LoggerGroup
from numbered import Account, NumberedPublisher, Pace
from scenario import Scenario, main
from waiting import wait_until


class Shared(Scenario):
    def run_with_kill(self, qos: int, version: str) -> None:
        broker = self.start_broker()
        group = LoggerGroup(self.work, broker.port, 3, "--qos", str(qos), "--mqtt-version", version)
        self.addCleanup(group.close)
        publisher = NumberedPublisher(broker.port, qos, version, Pace(1500, 50), *group.csv_paths)
        self.addCleanup(publisher.kill)
        for victim in (1, 2):
            before = group.count_records()
            wait_until(lambda: all(now > then + 200 for now, then in zip(group.count_records(), before)), 30,
                       "each member to record its share")
            group.kill(victim)
            survivors = sum(group.count_records())
            wait_until(lambda: sum(group.count_records()) > survivors + 300, 30, "the others to go on")
            group.restart(victim)
        published = publisher.finish()
        wait_until(lambda: sum(group.count_records()) >= published
                   and group.take_account(published).lost == 0, 60, f"all of {published} messages", poll=0.2)
        self.assertEqual(group.stop(), [0, 0, 0])
        self.assertEqual(group.take_account(published), Account())

    def test_one_of_three_is_killed_at_qos_1(self) -> None:
        self.run_with_kill(1, "5")

    def test_one_of_three_is_killed_at_qos_2(self) -> None:
        self.run_with_kill(2, "5")

    def test_one_of_three_is_killed_with_mqtt_3_1_1(self) -> None:
        self.run_with_kill(1, "3.1.1")

    def test_kept_session_needs_no_second_subscription_and_gets_no_retained_messages(self) -> None:
        # Mosquitto 2.0 sends them unless it is told not to.
        broker = self.start_broker("log_type all")
        publisher = self.connect(broker.port)
        publisher.publish("work/kept", "kept", retain=True)
        for number in (1, 2):
            logger = self.start_logger(broker.port, "--topic", "$share/loggers/work/#", "--retained", "new")
            publisher.publish("work/a", str(number))
            self.wait_for_records(number)
            self.assert_stops(logger)
        self.assertEqual([record.payload for record in self.read_both()[0]], [b"1", b"2"])
        self.assertEqual(broker.log_path.read_text().count("Received SUBSCRIBE"), 1)


if __name__ == "__main__":
    main()
