"""A connection on which nothing comes any more ends, whatever the transport: after one and a half of the keep alive."""

import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from certificates import Authority
from proxy import Proxy
from scenario import Scenario, main
from websocket_gateway import WebSocketGateway

# The client library would notice after two and a half of it, and does not say that it is silence.
_KEEP_ALIVE = 6


class Silence(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker()

    def assert_ends(self, scheme: str, port: int, *options: str) -> None:
        proxy = Proxy(port)
        self.addCleanup(proxy.close)
        logger = self.run_logger("--broker", f"{scheme}://localhost:{proxy.port}", "--keep-alive", f"{_KEEP_ALIVE}s", *options)
        logger.wait_until_subscribed()
        proxy.stall()
        self.connect(self.broker.port).publish("sensors/a", "meanwhile", 1)
        logger.wait_for(rf"connection lost: the broker has been silent for \d+ s, with a keep alive of {_KEEP_ALIVE} s", 60)
        logger.wait_for("session resumed", 20)
        self.wait_for_records(1)
        self.assert_stops(logger)

    def test_mqtt(self) -> None:
        self.assert_ends("mqtt", self.broker.port)

    def test_mqtts(self) -> None:
        authority = Authority(self.directory / "certificates")
        certificate = authority.sign("server")
        port = self.broker.reserve_port()
        self.broker.close()
        self.broker = self.start_broker(f"listener {port} 127.0.0.1", f"certfile {certificate.certificate}",
                                        f"keyfile {certificate.key}")
        self.assert_ends("mqtts", port, "--tls-ca", str(authority.certificate))

    def test_websocket(self) -> None:
        gateway = WebSocketGateway(self.broker.port)
        self.addCleanup(gateway.close)
        self.assert_ends("ws", gateway.port)

    def test_publisher(self) -> None:
        """The library itself would take two and a half of the keep alive."""
        (self.work / "recording.csv").write_text("timestamp,topic,payload,encoding,qos,retain\n"
                                                 "2026-11-20T15:36:01.000000Z,t,1,json,1,false\n"
                                                 "2026-11-20T15:36:26.000000Z,t,2,json,1,false\n")
        proxy = Proxy(self.broker.port)
        self.addCleanup(proxy.close)
        client = self.connect(self.broker.port)
        client.subscribe("t")
        replay = self.run_logger("--broker", f"localhost:{proxy.port}", "--keep-alive", f"{_KEEP_ALIVE}s", "--replay", "recording.csv")
        client.receive(1)
        proxy.stall()
        replay.wait_for(rf"connection to .* lost: the broker has been silent for \d+ s, with a keep alive of {_KEEP_ALIVE} s", 60)
        self.assertEqual(replay.wait(60), 0, replay.log)
        client.receive(1)

    def test_publisher_of_which_nobody_answers(self) -> None:
        """Not the TLS handshake, which the library does not limit everywhere."""
        (self.work / "recording.csv").write_text("timestamp,topic,payload,encoding,qos,retain\n"
                                                 "2026-11-20T15:36:01.000000Z,t,1,json,1,false\n")
        with socket.create_server(("127.0.0.1", 0)) as server:
            for scheme in ("mqtt", "mqtts"):
                with self.subTest(scheme):
                    replay = self.run_logger("--broker", f"{scheme}://localhost:{server.getsockname()[1]}", "--connect-timeout",
                                             "1s", "--replay", "recording.csv")
                    replay.wait_for("cannot connect to .*; trying again", 30)
                    self.assertEqual(replay.stop(signal.SIGTERM), 0)

    def test_session_of_which_nobody_answers_after_a_restart(self) -> None:
        """TCP is taken, and that is all: each attempt ends by our own limit, a stop does not wait, and the logger is back
        when the broker is."""
        authority = Authority(self.directory / "certificates")
        certificate = authority.sign("server")
        for scheme in ("mqtt", "mqtts", "wss"):
            with self.subTest(scheme):
                port = self.broker.reserve_port()
                tls = (f"certfile {certificate.certificate}", f"keyfile {certificate.key}") if scheme == "mqtts" else ()
                self.start_broker(f"listener {port} 127.0.0.1", *tls)
                trust = () if scheme == "mqtt" else ("--tls-ca", str(authority.certificate))
                target = port
                if scheme == "wss":
                    gateway = WebSocketGateway(port, certificate=certificate)
                    self.addCleanup(gateway.close)
                    target = gateway.port
                proxy = Proxy(target)
                self.addCleanup(proxy.close)
                logger = self.run_logger("--broker", f"{scheme}://localhost:{proxy.port}", "--connect-timeout", "1s", "--output", scheme,
                                         *trust).wait_until_subscribed()
                proxy.stall_new()
                proxy.cut()
                logger.wait_for(r"no connection to .*(within \d s|says nothing of TLS)", 90, count=2)
                proxy.go_on()
                logger.wait_for("session resumed|subscribed to", 60, count=2)
                proxy.stall_new()
                proxy.cut()
                logger.wait_for(r"no connection to .*(within \d s|says nothing of TLS)", 90, count=3)
                self.assert_stops(logger)

    def test_forget_session_of_which_nobody_answers(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            for scheme in ("mqtt", "mqtts", "ws", "wss"):
                with self.subTest(scheme):
                    forget = self.run_logger("--broker", f"{scheme}://localhost:{server.getsockname()[1]}", "--connect-timeout",
                                             "1s", "--forget-session")
                    self.assertEqual(forget.wait(30), 1)
                    self.assertEqual(len(forget.find("is not ended")), 1)

    def test_quiet_connection_that_lives(self) -> None:
        """Nothing but pings: it goes on."""
        logger = self.run_logger("--broker", f"localhost:{self.broker.port}", "--keep-alive", "2s").wait_until_subscribed()
        time.sleep(8 * 2)
        self.assertEqual(logger.find("connection lost"), [])
        self.connect(self.broker.port).publish("sensors/a", "after", 1)
        self.wait_for_records(1)
        self.assert_stops(logger)


if __name__ == "__main__":
    main()
