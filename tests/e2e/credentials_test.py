"""User names and passwords: taken, refused, refused later, and never to be seen."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from broker import Mosquitto
from certificates import Authority
from logger import Logger
from mqtt_client import Client
from scenario import Scenario, main

_SECRET = "geheim-7319"


class Credentials(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.passwords = self.directory / "passwords"
        self.set_password(_SECRET)
        self.password_file = self.directory / "password"
        self.password_file.write_text(f"{_SECRET}\n")
        self.password_file.chmod(0o600)

    def set_password(self, password: str) -> None:
        self.passwords.touch(0o600)
        subprocess.run(["mosquitto_passwd", "-b", str(self.passwords), "logger", password], check=True,
                       env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"})

    def start_closed_broker(self, *config: str) -> Mosquitto:
        return self.start_broker("allow_anonymous false", f"password_file {self.passwords}", *config)

    def run_user(self, port: int, *options: str, environment: dict[str, str] | None = None) -> Logger:
        return self.run_logger("--broker", f"127.0.0.1:{port}", "--username", "logger", "--log-level", "debug", *options,
                               environment=environment)

    def assert_keeps_secret(self, logger: Logger) -> None:
        self.assertNotIn(_SECRET, logger.log)
        if logger.is_running():
            self.assertNotIn(_SECRET.encode(), Path(f"/proc/{logger.pid}/cmdline").read_bytes())
        for path in self.work.rglob("*"):
            if path.is_file():
                self.assertNotIn(_SECRET.encode(), path.read_bytes(), path)

    def test_ways_to_give_a_password(self) -> None:
        broker = self.start_closed_broker()
        service = self.directory / "credentials"
        service.mkdir()
        (service / "password").write_text(_SECRET)
        (service / "password").chmod(0o400)
        config = self.directory / "logger.toml"
        config.write_text(f'password = "{_SECRET}"\n')
        config.chmod(0o600)
        for options, environment in (
            (("--password-file", str(self.password_file)), {}),
            ((), {"MQTT_LOGGER_PASSWORD": _SECRET}),
            ((), {"CREDENTIALS_DIRECTORY": str(service)}),
            (("--config", str(config)), {}),
        ):
            for version in ("5", "3.1.1"):
                with self.subTest(options=options, version=version):
                    logger = self.run_user(broker.port, "--mqtt-version", version, *options, environment=environment)
                    logger.wait_until_subscribed()
                    self.assert_keeps_secret(logger)
                    self.assertEqual(logger.find("warning"), [])
                    self.assert_stops(logger)
        self.assert_stops(self.run_user(broker.port, "--password", _SECRET).wait_until_subscribed())

    def test_simulator_has_the_same(self) -> None:
        broker = self.start_closed_broker()
        logger = self.run_user(broker.port, "--password-file", str(self.password_file), "--simulate", "--interval", "50ms")
        self.wait_for_records(20)
        self.assert_stops(logger)

    def test_file_that_others_can_read(self) -> None:
        broker = self.start_closed_broker()
        self.password_file.chmod(0o644)
        logger = self.run_user(broker.port, "--password-file", str(self.password_file)).wait_until_subscribed()
        self.assertEqual(len(logger.find("warning.*--password-file .*every user of this machine can read it")), 1)
        self.assert_keeps_secret(logger)
        self.assert_stops(logger)

    def test_other_files_with_secrets_that_others_can_read(self) -> None:
        broker = self.start_closed_broker()
        config = self.directory / "logger.toml"
        config.write_text(f'password = "{_SECRET}"\n')
        config.chmod(0o644)
        logger = self.run_user(broker.port, "--config", str(config)).wait_until_subscribed()
        self.assertEqual(len(logger.find("warning.*--config .*every user of this machine can read it")), 1)
        self.assert_stops(logger)
        config.write_text("keep-alive = 60\n")  # nothing to hide
        logger = self.run_user(broker.port, "--config", str(config), "--password-file", str(self.password_file))
        self.assertEqual(logger.wait_until_subscribed().find("warning"), [])
        self.assert_stops(logger)

        client = Authority(self.directory).sign("client")
        client.key.chmod(0o644)
        logger = self.run_logger("--broker", "mqtts://127.0.0.1:1", "--tls-cert", str(client.certificate), "--tls-key",
                                 str(client.key))
        logger.wait_for("warning.*--tls-key .*every user of this machine can read it")
        self.assert_stops(logger)

    def test_query_of_a_broker_is_seen_nowhere(self) -> None:
        self.require_client_library()
        uri = f"ws://127.0.0.1:1/mqtt?token={_SECRET}"
        for options in ((), ("--log-level", "debug", "--background", "--log-file", "log")):
            logger = self.run_logger("--broker", uri, *options)
            if options:
                self.assertEqual(logger.wait(20), 1)
            else:
                logger.wait_for(r"no connection to ws://127\.0\.0\.1:1/mqtt\?\*\*\*: ")
            self.assertNotIn(_SECRET, logger.log)
            for path in self.work.rglob("*"):
                if path.is_file():
                    self.assertNotIn(_SECRET.encode(), path.read_bytes(), path)
            status = self.run_logger("--status")
            self.assertEqual(status.wait(), 0)
            self.assertIn("ws://127.0.0.1:1/mqtt?***", status.output)
            self.assertNotIn(_SECRET, status.output)
            self.assertEqual(self.run_logger("--stop").wait(30), 0)
        for wrong in (f"wss://me:{_SECRET}@host", f"http://host?token={_SECRET}", f"ws://a b?token={_SECRET}"):
            refused = self.run_logger("--broker", wrong)
            self.assertEqual(refused.wait(), 2)
            self.assertNotIn(_SECRET, refused.log)

    def test_mistakes_do_not_show_a_password(self) -> None:
        for options in (("--password", f"--{_SECRET}"), ("--username", "me", "--password", "two", _SECRET),
                        ("--password", _SECRET), ("--password", _SECRET, "--password", _SECRET)):
            with self.subTest(options=options):
                refused = self.run_logger(*options)
                self.assertEqual(refused.wait(), 2)
                self.assertNotIn(_SECRET, refused.log)

    def test_refused_at_the_first_connect(self) -> None:
        broker = self.start_closed_broker()
        wrong = {"MQTT_LOGGER_PASSWORD": f"not {_SECRET}"}
        for version, missing in (("5", "not authorized|Not authorized"), ("3.1.1", "not authorized|bad user name")):
            for environment, text in ((wrong, "[Nn]ot authorized|[Bb]ad user name or password"), ({}, missing)):
                with self.subTest(version=version, environment=environment):
                    logger = self.run_user(broker.port, "--mqtt-version", version, environment=environment)
                    self.assertEqual(logger.wait(), 3)
                    self.assertEqual(len(logger.find(f"error.*the broker at .* refuses this client: .*({text})")), 1)
                    self.assert_keeps_secret(logger)

    def test_refused_later(self) -> None:
        broker = self.start_closed_broker("persistence true")
        logger = self.run_user(broker.port, "--password-file", str(self.password_file)).wait_until_subscribed()
        self.set_password("another")
        broker.restart()
        logger.wait_for("no connection to .*it refuses this client: .*trying again in", 20, count=2)
        self.assertTrue(logger.is_running())
        self.set_password(_SECRET)
        broker.restart()
        logger.wait_for("subscribed to", 30, count=2)
        self.assert_keeps_secret(logger)
        self.assert_stops(logger)

    def test_secret_is_nowhere_that_others_can_look(self) -> None:
        """Logs, status payloads, the list of processes, files, what actions print; while all goes well and when not."""
        broker = self.start_closed_broker()
        watcher = Client(broker.port, username="logger", password=_SECRET).connect()
        self.addCleanup(watcher.close)
        watcher.subscribe("status/#")
        logger = self.run_user(broker.port, "--password-file", str(self.password_file), "--status-topic", "status/logger",
                               "--stats-every", "100ms", "--metrics-file", "metrics.prom", "--pid-file", "pid",
                               "--simulate", "--interval", "50ms", "--columns", "logger=@client-id",
                               environment={"MQTT_C_CLIENT_TRACE": "ON", "MQTT_C_CLIENT_TRACE_LEVEL": "PROTOCOL"})
        logger.wait_until_subscribed()
        self.wait_for_records(20)
        looked_at = [message.payload for message in watcher.receive(3)]
        looked_at += [Path(f"/proc/{logger.pid}/{name}").read_bytes() for name in ("cmdline", "environ", "status", "comm")]
        looked_at += [path.read_bytes() for path in self.work.rglob("*") if path.is_file()]
        password = {"MQTT_LOGGER_PASSWORD": _SECRET}
        for action, code in (("--status", 0), ("--help", 0), ("--version", 0), ("--qos=3", 2), ("--client-id=\x01", 2)):
            done = self.run_logger("--username", "logger", action, environment=password)
            self.assertEqual(done.wait(), code, done.log)
            looked_at += [done.output.encode(), done.log.encode()]
        self.set_password("another")
        broker.restart()
        logger.wait_for("refuses this client", 20)
        self.assertEqual(logger.stop(), 0)
        looked_at += [logger.log.encode(), logger.output.encode()]
        self.assertIn(b"--password-file", b"".join(looked_at), "the search finds what is there")
        for number, text in enumerate(looked_at):
            self.assertNotIn(_SECRET.encode(), text, f"{number}: {text[:300]!r}")

    def test_files_that_hold_no_password(self) -> None:
        several = self.directory / "several"
        several.write_text(f"{_SECRET}\nanother line\n")
        for path, text in (("missing", "must be a file that can be read: No such file"),
                           (str(several), "must hold one line"), (str(self.directory), "not a folder")):
            with self.subTest(text):
                logger = self.run_user(1, "--password-file", path)
                self.assertEqual(logger.wait(), 2)
                self.assertIn(text, logger.log)
                self.assert_keeps_secret(logger)
                self.assertEqual(list(self.work.iterdir()), [], "nothing is created")

    def test_password_in_the_wrong_place(self) -> None:
        for options in (("--broker", f"mqtt://logger:{_SECRET}@localhost"), ("--password", _SECRET),
                        ("--username", "u", "--password", _SECRET, "--password", _SECRET)):
            with self.subTest(options=options):
                logger = self.run_logger(*options)
                self.assertEqual(logger.wait(), 2)
                self.assertNotIn(_SECRET, logger.log)


if __name__ == "__main__":
    main()
