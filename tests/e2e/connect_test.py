"""Connections that do not come about as they should: the reason that the log gives, and what the logger does about it."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import mqtt_packets as mqtt
from hostile_broker import Peer, ScriptedBroker
from http_proxy import HttpProxy
from logger import COMMAND_VARIABLE, Logger
from mqtt_packets import Message
from scenario import Scenario, main
from waiting import wait_until

_PROOF = Message("sensors/a", b"proof", 1)


def serve_well(peer: Peer) -> None:
    """After CONNACK."""
    peer.answer_until_subscribed()
    peer.publish(_PROOF, 1)
    peer.serve()


class Connect(Scenario):
    def serve(self, script) -> ScriptedBroker:
        broker = ScriptedBroker(script)
        self.addCleanup(broker.close)
        return broker

    def run_for(self, broker: ScriptedBroker, *options: str, **parameters) -> Logger:
        return self.run_logger("--broker", f"127.0.0.1:{broker.port}", *options, **parameters)

    def test_closes_at_mqtt_5(self) -> None:
        """RabbitMQ 3.10, ActiveMQ and mosca do not know MQTT 5, and do not say so."""

        versions = []

        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            versions.append(peer.version)
            if peer.version == 5:
                return
            peer.acknowledge_connect(0)
            serve_well(peer)

        other = self.start_broker()
        broker = self.serve(script)
        logger = self.run_for(broker, "--broker", f"127.0.0.1:{other.port}")
        logger.wait_for("does not answer a CONNECT of MQTT 5; trying MQTT 3.1.1", 20)
        logger.wait_for(rf"connected to 127\.0\.0\.1:{broker.port} \(MQTT 3\.1\.1", 20)
        self.wait_for_records(1)
        # A connection that is closed before our CONNECT is out looks like one that never came about.
        self.assertIn(versions, ([5, 5, 4], [5, 5, 5, 4]))
        self.assert_stops(logger)

    def test_silent_at_mqtt_5(self) -> None:
        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            if peer.version == 5:
                peer.say_nothing()
            peer.acknowledge_connect(0)
            serve_well(peer)

        logger = self.run_for(self.serve(script), "--connect-timeout", "1s")
        logger.wait_for("it takes the connection, and does not answer within 1 s", 30)
        logger.wait_for("does not answer a CONNECT of MQTT 5; trying MQTT 3.1.1", 30)
        self.wait_for_records(1, 20)
        self.assert_stops(logger)

    def test_silent_in_tls(self) -> None:
        """Looking for the reason keeps to --connect-timeout, too."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            logger = self.run_logger("--broker", f"mqtts://127.0.0.1:{silent.getsockname()[1]}", "--connect-timeout", "1s")
            logger.wait_for("what answers there says nothing of TLS", 7)
            self.assert_stops(logger)

    def test_closes_at_mqtt_5_and_refuses_the_password(self) -> None:
        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            if peer.version != 5:
                peer.acknowledge_connect(5)

        logger = self.run_for(self.serve(script))
        self.assertEqual(logger.wait(30), 3)
        self.assertEqual(len(logger.find(r"refuses this client: not authorized \(no --username is given\)")), 1)

    def test_closes_whatever_comes(self) -> None:
        versions = []

        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            versions.append(peer.version)

        logger = self.run_for(self.serve(script))
        logger.wait_for("it closes the connection instead of an answer to CONNECT; is it the right port", 20)
        wait_until(lambda: versions[:4] == [5, 5, 4, 5], 30, "MQTT 5 to be tried again after 3.1.1")
        self.assert_stops(logger)

    def test_closes_once_it_has_spoken_mqtt_5(self) -> None:
        """As a proxy does while its broker is away: the version is not to blame, and stays."""
        versions = []

        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            versions.append(peer.version)
            if number in (2, 3, 4):
                return
            peer.acknowledge_connect(0)
            peer.answer_until_subscribed()
            if number > 4:
                serve_well(peer)

        logger = self.run_for(self.serve(script))
        self.wait_for_records(1, 30)
        self.assertEqual(versions, [5, 5, 5, 5, 5])
        self.assert_stops(logger)

    def test_reasons(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            logger = self.run_logger("--broker", f"127.0.0.1:{port}")
            logger.wait_for(rf"nothing listens at port {port} of 127\.0\.0\.1 \(connection refused\); trying again", 20)
            self.assert_stops(logger)
        logger = self.run_logger("--broker", "no-such-host.invalid")
        logger.wait_for(r"the host no-such-host\.invalid is unknown \(", 40)
        self.assert_stops(logger)

    def test_host_that_cannot_be_reached(self) -> None:
        unshare = shutil.which("unshare")
        can_part = unshare and subprocess.run([unshare, "--net", "true"], capture_output=True).returncode == 0
        if not can_part:
            self.skipTest("needs the right to give a process a network of its own")
        usual = os.environ[COMMAND_VARIABLE]
        os.environ[COMMAND_VARIABLE] = f"{unshare} --net {usual}"
        try:
            logger = self.run_logger("--broker", "192.0.2.1")
        finally:
            os.environ[COMMAND_VARIABLE] = usual
        logger.wait_for(r"192\.0\.2\.1 cannot be reached \(Network is unreachable\); trying again", 20)
        self.assert_stops(logger)

    def test_second_address_of_a_name(self) -> None:
        """The library takes the first address of a name, where nothing listens, and never tries the second one."""
        broker = self.start_broker()
        preload = ":".join(filter(None, [os.environ["NAMES_LIBRARY"], os.environ.get("LD_PRELOAD")]))
        logger = self.run_logger("--broker", f"two-addresses.example:{broker.port}", "--simulate", "--interval", "50ms",
                                 environment={"LD_PRELOAD": preload})
        self.wait_for_records(5, 20)
        self.assert_stops(logger)
        broker.stop()
        logger = self.run_logger("--broker", f"two-addresses.example:{broker.port}", environment={"LD_PRELOAD": preload})
        logger.wait_for(r"nothing listens at port \d+ of two-addresses\.example \(127\.0\.0\.2\) \(connection refused\); "
                        r"nothing listens at port \d+ of two-addresses\.example \(127\.0\.0\.1\)", 20)
        self.assert_stops(logger)

    def test_proxy_of_the_environment(self) -> None:
        broker = self.start_broker()
        dead = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY")}
        logger = self.run_logger("--broker", f"127.0.0.1:{broker.port}", environment=dead).wait_until_subscribed()
        self.assert_stops(logger)

    def test_proxy_that_is_named(self) -> None:
        broker = self.start_broker()
        proxy = HttpProxy()
        self.addCleanup(proxy.close)
        logger = self.run_logger("--broker", f"127.0.0.1:{broker.port}", "--proxy", f"http://127.0.0.1:{proxy.port}",
                                 "--simulate", "--interval", "50ms")
        self.wait_for_records(5, 20)
        self.assertEqual(set(proxy.targets), {f"127.0.0.1:{broker.port}"})
        self.assert_stops(logger)

    def test_password_that_changes(self) -> None:
        passwords = []
        has_changed = threading.Event()

        def script(peer: Peer, number: int) -> None:
            peer.read_connect()
            passwords.append(peer.connect_body.rsplit(b"\0\x05", 1)[-1])
            peer.acknowledge_connect(0)
            peer.answer_until_subscribed()
            if passwords[-1] == b"other":
                serve_well(peer)
            has_changed.wait(60)  # not before the logger has seen that it is subscribed

        password = self.work / "password"
        password.write_bytes(b"\xef\xbb\xbffirst\r\n")  # as an editor of Windows leaves it
        password.chmod(0o600)
        broker = self.serve(script)
        logger = self.run_for(broker, "--username", "me", "--password-file", "password").wait_until_subscribed()
        self.assertEqual(set(passwords), {b"first"})
        password.write_text("other\n")
        has_changed.set()
        self.wait_for_records(1, 20)
        self.assert_stops(logger)


if __name__ == "__main__":
    main()
