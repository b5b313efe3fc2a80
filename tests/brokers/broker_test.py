"""One set of scenarios for every broker. BROKER names it; scripts/test-brokers runs all, and prints what each one does."""

import collections
import json
import os
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import exports
from logger import Logger
from mqtt_client import Client
from mqtt_packets import Message
from real_brokers import BROKERS, PASSWORD, REFUSED, USERNAME
from scenario import Scenario, main
from waiting import SLOWNESS, wait_until

NAME = os.environ.get("BROKER", "mosquitto")
KIND = BROKERS[NAME]
COUNT = 3000
_found: dict[str, str] = {}  # what is printed at the end


class Broker(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.password = self.work / "password"
        self.password.write_text(PASSWORD)
        self.password.chmod(0o600)
        self.broker = KIND(self.directory / "broker")
        self.addCleanup(self.broker.close)
        self.broker.start()

    def log_to(self, output: str, *options: str, broker: str = "") -> Logger:
        return self.run_logger("--broker", broker or f"127.0.0.1:{self.broker.port}", "--username", USERNAME,
                               "--password-file", str(self.password), "--output", output, "--topic", "test/#", *options)

    def publisher(self) -> Client:
        client = Client(self.broker.port, version=4, username=USERNAME, password=PASSWORD).connect()
        self.addCleanup(client.close)
        return client

    def publish(self, first: int, count: int, qos: int = 1) -> None:
        self.publisher().publish_all([Message("test/a", str(number).encode(), qos) for number in range(first, first + count)])

    def texts(self, output: str) -> collections.Counter:
        return collections.Counter(str(payload) for payload in self.numbers(output).elements())

    def numbers(self, output: str) -> collections.Counter:
        path = self.path("jsonl", output)
        if not path.exists():
            return collections.Counter()
        lines = path.read_bytes().splitlines()
        return collections.Counter(json.loads(line)["payload"] for line in lines if line.endswith(b"}"))

    def wait_for_numbers(self, output: str, count: int, seconds: float = 60) -> collections.Counter:
        wait_until(lambda: len(self.numbers(output)) >= count, seconds, f"{count} numbers in {output}", poll=0.1)
        return self.numbers(output)

    def require_all(self, output: str, count: int, may_double: bool = False) -> int:
        """Nothing is missing; returns how many came more than once, which must be none unless the broker doubles."""
        counted = self.wait_for_numbers(output, count)
        self.assertEqual(set(range(count)) - set(counted), set())
        doubled = sum(1 for times in counted.values() if times > 1)
        if not may_double:
            self.assertEqual(doubled, 0)
        return doubled

    def test_connects_by_default(self) -> None:
        logger = self.log_to("default", "--format", "jsonl").wait_until_subscribed(60)
        version = "5" if logger.find(r"\(MQTT 5,") else "3.1.1"
        self.assertEqual(version, "5" if self.broker.has_mqtt_5 else "3.1.1")
        _found["MQTT"] = version
        limit = re.search(r"keeps messages for (.*?) while the logger is away", logger.log)
        _found["keeps a session for"] = limit[1] if limit else "as asked"
        self.assert_stops(logger)

    def test_every_qos(self) -> None:
        granted = []
        for qos in (0, 1, 2):
            output = f"qos-{qos}"
            logger = self.log_to(output, "--qos", str(qos), "--format", "jsonl").wait_until_subscribed(60)
            if not logger.find("grants only QoS"):
                granted.append(str(qos))
            self.publish(0, COUNT, 1)
            if qos == 0:
                self.wait_for_numbers(output, COUNT // 2)
            else:
                self.require_all(output, COUNT)
            self.assert_stops(logger)
        _found["QoS"] = " ".join(granted)

    def test_away_and_back(self) -> None:
        self.assert_stops(self.log_to("away", "--format", "jsonl").wait_until_subscribed(60))
        self.publish(0, 500)
        logger = self.log_to("away", "--format", "jsonl").wait_until_subscribed(60)
        self.require_all("away", 500)
        self.assert_stops(logger)

    def test_killed(self) -> None:
        doubled = 0
        for qos in (1, 2):
            output = f"killed-{qos}"
            logger = self.log_to(output, "--qos", str(qos), "--format", "jsonl").wait_until_subscribed(60)
            for batch in range(4):
                self.publish(250 * batch, 250)
                self.wait_for_numbers(output, 250 * batch + 1)
                logger.kill()
                logger = self.log_to(output, "--qos", str(qos), "--format", "jsonl").wait_until_subscribed(60)
            doubled += self.require_all(output, 1000, self.broker.doubles_after_kill)
            self.assert_stops(logger)
        _found["twice after a kill"] = str(doubled)

    def test_restarted(self) -> None:
        logger = self.log_to("restarted", "--format", "jsonl").wait_until_subscribed(60)
        self.publish(0, 100)
        self.require_all("restarted", 100)
        self.broker.restart()
        logger.wait_for("subscribed to", 90, count=2)
        if self.broker.survives_restart:
            self.assertEqual(len(logger.find("session resumed")), 1, logger.log)
        else:
            self.assertEqual(len(logger.find("has not kept the session")), 1, logger.log)
        self.publish(100, 100)
        self.require_all("restarted", 200)
        _found["keeps sessions over a restart"] = "yes" if self.broker.survives_restart else "no"
        self.assert_stops(logger)

    def test_wrong_password(self) -> None:
        self.password.write_text("wrong")
        self.assertEqual(self.log_to("wrong").wait(90), 3)

    def test_refused_filter(self) -> None:
        logger = self.log_to("refused", "--topic", REFUSED, "--format", "jsonl").wait_until_subscribed(90)
        self.publish(0, 100)
        self.require_all("refused", 100)
        _found["refused filter"] = "named" if logger.find(f"error.*'{REFUSED}'") else "granted, nothing sent"
        self.assert_stops(logger)

    def test_taken_over(self) -> None:
        first = self.log_to("first", "--client-id", "same").wait_until_subscribed(60)
        second = self.log_to("second", "--client-id", "same").wait_until_subscribed(60)
        first.wait_for("has taken over|no connection to", 60)
        _found["says that a session is taken over"] = "yes" if first.find("has taken over") else "no"
        second.kill()

    def test_status_topic(self) -> None:
        logger = self.log_to("status", "--status-topic", "test/status", "--format", "jsonl", "--stats-every",
                             "200ms").wait_until_subscribed(60)
        wait_until(lambda: b'"state":"online"' in self.path("jsonl", "status").read_bytes().replace(b" ", b""), 30,
                   "the status on its topic")
        self.assert_stops(logger)

    def test_large_message(self) -> None:
        logger = self.log_to("large", "--format", "jsonl").wait_until_subscribed(60)
        payload = b"x" * 1024 * 1024
        self.publisher().publish("test/large", payload, 1)
        wait_until(lambda: len(self.path("jsonl", "large").read_bytes()) > len(payload), 60, "1 MiB")
        self.assert_stops(logger)

    def test_websocket(self) -> None:
        path = self.broker.websocket_path
        logger = self.log_to("websocket", "--format", "jsonl",
                             broker=f"ws://127.0.0.1:{self.broker.websocket_port}{path}").wait_until_subscribed(60)
        self.publish(0, 300)
        self.require_all("websocket", 300)
        _found["WebSocket path"] = path
        self.assert_stops(logger)

    def test_retained_message(self) -> None:
        client = self.publisher()
        client.publish("test/retained", b"kept", 1, retain=True)
        logger = self.log_to("retained", "--format", "jsonl").wait_until_subscribed(60)
        self.publish(0, 1)
        self.wait_for_numbers("retained", 1)
        kept = [record for record in map(json.loads, self.path("jsonl", "retained").read_text().splitlines())
                if record["topic"] == "test/retained"]
        _found["retained"] = "yes" if [record["retain"] for record in kept] == [True] else "no"
        self.assert_stops(logger)

    def test_shared_subscription(self) -> None:
        count = 300
        outputs = ("shared-1", "shared-2")
        loggers = [self.log_to(output, "--topic", "$share/group/share/#", "--format", "jsonl") for output in outputs]
        for logger in loggers:
            logger.wait_until_subscribed(60)
        self.publisher().publish_all([Message("share/a", str(number).encode(), 1) for number in range(count)])
        self.publish(count, 1)  # to both, by the other filter
        for output in outputs:
            wait_until(lambda: str(count) in self.texts(output), 60, f"the last message in {output}", poll=0.1)
        time.sleep(1)
        counts = [self.texts(output).total() - 1 for output in outputs]
        if any(logger.find("(error|warning) .*no shared subscriptions") for logger in loggers):
            _found["$share"] = "refused"
        elif sum(counts) == count and min(counts) > 0:
            _found["$share"] = "yes"
        else:
            _found["$share"] = {0: "granted, nothing sent", 2 * count: "each gets all"}.get(sum(counts), str(counts))
        for logger in loggers:
            self.assert_stops(logger)

    def test_tls(self) -> None:
        logger = self.log_to("tls", "--tls-ca", str(self.broker.authority.certificate), "--format", "jsonl",
                             broker=f"mqtts://127.0.0.1:{self.broker.tls_port}").wait_until_subscribed(60)
        self.publish(0, 300)
        self.require_all("tls", 300)
        self.assert_stops(logger)


if __name__ == "__main__":
    try:
        main()
    finally:
        print("TABLE " + json.dumps({"broker": KIND.name, **_found}))
