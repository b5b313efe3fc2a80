"""MQTT over WebSocket, plain and in TLS."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from certificates import Authority, Certificate
from scenario import Scenario, main
from websocket_gateway import WebSocketGateway


class WebSocket(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker()

    def start_gateway(self, path: str = "/mqtt", certificate: Certificate | None = None) -> WebSocketGateway:
        gateway = WebSocketGateway(self.broker.port, path, certificate)
        self.addCleanup(gateway.close)
        return gateway

    def assert_logs(self, uri: str, *options: str, output: str) -> None:
        logger = self.run_logger("--broker", uri, "--output", output, *options).wait_until_subscribed()
        publisher = self.connect(self.broker.port)
        sizes = [0, 1, 100, 125, 126, 200, 65_535, 65_536, 300_000]  # both sides of where the frames' lengths grow
        for size in sizes:
            publisher.publish("sensors/a", "x" * size, 2)
        self.wait_for_records(len(sizes), 20, output)
        self.assertEqual([len(record.payload) for record in self.read_both(output)[0]], sizes)
        self.assert_stops(logger)

    def test_plain(self) -> None:
        for version in ("5", "3.1.1"):
            for qos in ("1", "2"):
                with self.subTest(version=version, qos=qos):
                    gateway = self.start_gateway()
                    self.assert_logs(f"ws://127.0.0.1:{gateway.port}", "--mqtt-version", version, "--qos", qos,
                                     output=f"{version}-{qos}")
                    self.assertIn(f"Host: 127.0.0.1:{gateway.port}", gateway.requests[0])

    def test_path(self) -> None:
        gateway = self.start_gateway("/a/b?token=c%20d")
        self.assert_logs(f"ws://localhost:{gateway.port}/a/b?token=c%20d", output="right")
        logger = self.run_logger("--broker", f"ws://localhost:{gateway.port}/wrong")
        logger.wait_for(r"no connection to ws://localhost:\d+/wrong: .*path")
        self.assert_stops(logger)

    def test_encrypted(self) -> None:
        authority = Authority(self.directory / "certificates")
        gateway = self.start_gateway(certificate=authority.sign("server"))
        self.assert_logs(f"wss://localhost:{gateway.port}/mqtt", "--tls-ca", str(authority.certificate), output="right")
        logger = self.run_logger("--broker", f"wss://localhost:{gateway.port}/mqtt")
        logger.wait_for("unknown authority")
        self.assert_stops(logger)

    def test_no_websocket_there(self) -> None:
        logger = self.run_logger("--broker", f"ws://localhost:{self.broker.port}")
        logger.wait_for("no connection to", 20)
        self.assert_stops(logger)

    def test_connection_cut(self) -> None:
        gateway = self.start_gateway()
        logger = self.run_logger("--broker", f"ws://localhost:{gateway.port}").wait_until_subscribed()
        self.broker.restart()
        logger.wait_for("subscribed to", 20, count=2)
        self.connect(self.broker.port).publish("sensors/a", "after", 1)
        self.wait_for_records(1)
        self.assert_stops(logger)


if __name__ == "__main__":
    main()
