"""Connections of every transport that are cut at random bytes under load: nothing is missing, nothing stands there twice,
nothing is wrong, and the logger comes back.

CUT_SECONDS says for how long they are cut; the long run is 60. CUT_SEED repeats one.
"""

import os
import random
import re
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import exports
from certificates import Authority
from exports import Record
from logger import Logger
from numbered import TOPIC_FILTER, Account, NumberedPublisher, Pace, make_message, take_account
from proxy import Proxy
from scenario import Scenario, main
from waiting import wait_until
from websocket_gateway import WebSocketGateway

_SECONDS = float(os.environ.get("CUT_SECONDS", "4"))
_TOPICS = 5


def is_right(record: Record) -> bool:
    """Its bytes are those that were published, all of them."""
    sequence = int(record.payload[len(b'{"seq":'):].split(b",")[0].rstrip(b"}"))
    number = sequence * _TOPICS + int(record.topic.rpartition("/")[2])
    return record.payload == make_message(number, 1).payload


def find_gaps(logger: Logger) -> list[float]:
    """How long it took from the last cut, of a connection or of an attempt, to a connection that is subscribed; to be looked
    at by a person."""
    gaps, begin = [], None
    for line in logger.find("no connection to|subscribed to"):
        time_of_line = datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))
        if "no connection to" in line:
            begin = time_of_line
        elif begin:
            gaps.append((time_of_line - begin).total_seconds())
            begin = None
    return gaps


class Cuts(Scenario):
    def run_cuts(self, scheme: str, qos: int, version: str = "5") -> None:
        seed = int(os.environ.get("CUT_SEED", random.randrange(2**32)))
        print(f"seed {seed}", file=sys.stderr)
        cuts = random.Random(seed)
        options, config, certificate = (), (), None
        if scheme in ("mqtts", "wss"):
            authority = Authority(self.directory / "certificates")
            certificate = authority.sign("server")
            options = ("--tls-ca", str(authority.certificate))
        broker = self.start_broker()
        port = broker.port
        if scheme == "mqtts":
            port = broker.reserve_port()
            broker.stop()
            broker = self.start_broker(f"listener {port} 127.0.0.1", f"certfile {certificate.certificate}",
                                       f"keyfile {certificate.key}")
        elif scheme != "mqtt":
            gateway = WebSocketGateway(port, certificate=certificate, fragments=cuts)
            self.addCleanup(gateway.close)
            port = gateway.port
        proxy = Proxy(port, cuts)
        self.addCleanup(proxy.close)
        logger = self.run_logger("--broker", f"{scheme}://localhost:{proxy.port}", *options, "--topic", TOPIC_FILTER,
                                 "--qos", str(qos), "--mqtt-version", version).wait_until_subscribed(60)
        publisher = NumberedPublisher(broker.port, qos, version, Pace(2000, 50), self.path("csv"))
        self.addCleanup(publisher.kill)
        time.sleep(_SECONDS)
        published = publisher.finish()
        proxy.stop_cutting()
        self.assertGreater(published, 0)
        wait_until(lambda: exports.count_lines(self.path("csv")) > published
                   and take_account(exports.read_csv(self.path("csv")), published).lost == 0,
                   240, f"all of {published} messages", poll=0.5)
        self.assert_stops(logger)
        print(f"back after {[round(gap, 1) for gap in find_gaps(logger)]} s", file=sys.stderr)
        print(f"{published} messages, {len(logger.find('subscribed to'))} connections, "
              f"{len(logger.find('no connection to'))} failures", file=sys.stderr)
        self.assertGreater(len(logger.find("no connection to")), 0)
        # After a connection that was good, what has cut it is thought to be over soon.
        since_connected = logger.log.partition("subscribed to")[2]
        delays = [float(delay) for delay in re.findall(r"trying again in ([0-9.]+) s", since_connected)]
        self.assertLess(max(delays, default=0), 2, delays)
        records = self.read_both()[0]
        self.assertEqual(take_account(records, published), Account())
        self.assertEqual([record for record in records if not is_right(record)], [])

    def test_ws_at_qos_1(self) -> None:
        self.run_cuts("ws", 1)

    def test_ws_at_qos_2(self) -> None:
        self.run_cuts("ws", 2)

    def test_wss_at_qos_1(self) -> None:
        self.run_cuts("wss", 1)

    def test_wss_at_qos_2(self) -> None:
        self.run_cuts("wss", 2, "3.1.1")

    def test_mqtt_at_qos_1(self) -> None:
        self.run_cuts("mqtt", 1)

    def test_mqtts_at_qos_2(self) -> None:
        self.run_cuts("mqtts", 2)


if __name__ == "__main__":
    main()
