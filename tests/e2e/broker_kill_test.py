"""A broker that is killed with -9 under load and started again: nothing is missing of what it still had."""

import re
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from broker import Mosquitto
from mqtt_client import BackgroundPublisher, Client, Message
from proxy import Proxy
from scenario import Scenario, main
from waiting import wait_until

# Messages in flight beyond this limit get new packet identifiers when Mosquitto 2.0 loads them.
_SAVES = ("persistence true", "max_inflight_messages 10000")
_NUMBER = re.compile(rb'"n": *(\d+)')


class BrokerKill(Scenario):
    def look_into(self, broker: Mosquitto, client_id: str) -> set[int]:
        """What the broker's file still holds for this client, as another broker delivers it from a copy."""
        copy = self.make_broker(*_SAVES)
        shutil.copy(broker.directory / "mosquitto.db", copy.directory)
        copy.start()
        with Client(copy.port, client_id=client_id, clean=False) as client:
            self.assertTrue(client.session_present, "the broker has saved the session")
            messages = client.receive_so_far()
            while more := client.receive_so_far():
                messages += more
        return {int(_NUMBER.findall(message.payload)[0]) for message in messages}

    def recorded(self) -> set[int]:
        return {int(number) for number in _NUMBER.findall(self.path("json").read_bytes())}

    def run_kill(self, qos: int, is_stalled: bool) -> None:
        broker = self.start_broker(*_SAVES)
        proxy = Proxy(broker.port)
        self.addCleanup(proxy.close)
        logger = self.start_logger(proxy.port, "--topic", "load/#", "--qos", str(qos), "--client-id", "logger",
                                   "--keep-alive", "2s")
        rate = 3000 if qos == 1 else 1000
        messages = [Message(f"load/{number % 10}", b'{"n": %d}' % number, qos) for number in range(5 * rate)]
        publisher = BackgroundPublisher(broker.port, messages, rate=rate, burst=50)
        self.addCleanup(publisher.kill)
        wait_until(lambda: len(self.recorded()) > rate, 30, "some messages to be recorded")
        if is_stalled:  # then the broker has more and more that the logger has not
            proxy.stall()
            time.sleep(1.5)
        broker.save()
        self.assertTrue(publisher.is_running, "it must be killed while messages flow")
        broker.kill()
        kept = self.look_into(broker, "logger")
        missing_before = kept - self.recorded()
        print(f"the broker had {len(kept)}, {len(missing_before)} of them not recorded yet", file=sys.stderr)
        if is_stalled:
            self.assertGreater(len(missing_before), rate, "the broker must have what the logger has not")
        broker.start()
        publisher.wait(60)
        logger.wait_for("subscribed to|has kept the session", 30, count=2)
        self.connect(broker.port).publish("load/end", b"end", qos)
        wait_until(lambda: b'"load/end"' in self.path("json").read_bytes(), 60, "the last message")
        self.assert_stops(logger)
        self.read_both()
        self.assertEqual(kept - self.recorded(), set(), "of what the broker still had")

    def test_qos_1_under_load(self) -> None:
        self.run_kill(1, is_stalled=False)

    def test_qos_2_under_load(self) -> None:
        self.run_kill(2, is_stalled=False)

    def test_qos_1_with_a_queue(self) -> None:
        self.run_kill(1, is_stalled=True)

    def test_qos_2_with_a_queue(self) -> None:
        self.run_kill(2, is_stalled=True)


if __name__ == "__main__":
    main()
