"""How the program ends: exit codes, the one line that says why, and an account that adds up."""

import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from logger import Logger
from mqtt_client import Message
from scenario import Scenario, main

_ACCOUNT = re.compile(r"received (\d+).*, written (\d+), pending (\d+), dropped (\d+)")


class Account(Scenario):
    def assert_account(self, logger: Logger, received: int) -> None:
        """The last account in the log says that all was received once and written."""
        lines = logger.find(_ACCOUNT.pattern)
        self.assertTrue(lines, f"no account in the log: {logger.log}")
        match = _ACCOUNT.search(lines[-1])
        assert match is not None
        self.assertEqual([int(number) for number in match.groups()], [received, received, 0, 0], lines[-1])

    def test_final_account_adds_up(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        self.connect(broker.port).publish_all(Message("sensors/a", b"%d" % number, 1) for number in range(5000))
        self.wait_for_records(5000)
        self.assert_stops(logger)
        self.assert_account(logger, 5000)

    def test_account_of_nothing(self) -> None:
        logger = self.start_logger(self.start_broker().port)
        self.assert_stops(logger)
        self.assert_account(logger, 0)

    def test_account_is_given_regularly(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--stats-every", "200ms")
        publisher = self.connect(broker.port)
        for count in (1, 2, 3):
            publisher.publish("sensors/a", "1")
            logger.wait_for(rf"received {count}, written {count}\b")
        self.assert_stops(logger)

    def test_signals_stop_with_everything_written(self) -> None:
        broker = self.start_broker()
        publisher = self.connect(broker.port)
        for number, signal_number in enumerate((signal.SIGTERM, signal.SIGINT)):
            with self.subTest(signal=signal_number.name):
                logger = self.start_logger(broker.port, "--output", signal_number.name)
                publisher.publish_all(Message("sensors/a", b"%d" % number, 1) for number in range(2000))
                self.assert_stops(logger, signal_number)
                records, _ = self.read_both(signal_number.name)
                self.assert_account(logger, len(records))
                payloads = [int(record.payload) for record in records]
                self.assertEqual(payloads, list(range(len(records))))

    def test_stop_while_the_broker_is_away(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        broker.stop()
        logger.wait_for(r" warning ")
        self.assert_stops(logger)
        self.assert_account(logger, 1)

    def test_stop_before_the_first_connection(self) -> None:
        broker = self.make_broker()
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port))
        logger.wait_for(r" (warning|error) ")
        self.assert_stops(logger)

    def test_end_of_input_does_not_stop(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        logger.close_input()
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        self.assertTrue(logger.is_running())
        self.assert_stops(logger, signal.SIGTERM)

    def test_other_lines_of_input_do_not_stop(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port)
        for line in ("", "quit?", "Q q", "hello"):
            logger.send_line(line)
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        self.assertTrue(logger.is_running())
        self.assert_stops(logger, "q")


class Refused(Scenario):
    def assert_refused(self, broker_port: int, *options: str) -> None:
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker_port), *options)
        self.assertEqual(logger.wait(), 3)
        self.assertTrue(logger.find(r" error .*(authori[sz]ed|refuse|credentials|user name)"), logger.log)

    def test_broker_that_wants_a_login(self) -> None:
        broker = self.start_broker("allow_anonymous false")
        for version in ("5", "3.1.1"):
            with self.subTest(version=version):
                self.assert_refused(broker.port, "--mqtt-version", version, "--output", version)


class Usage(Scenario):
    def assert_usage(self, named: str, *options: str, environment: dict[str, str] | None = None) -> None:
        """Exit code 2, one line on standard error that names the fault, and nothing is created."""
        logger = self.run_logger(*options, environment=environment)
        self.assertEqual(logger.wait(), 2, logger.log)
        self.assertEqual(len(logger.log.splitlines()), 1, logger.log)
        self.assertIn(named, logger.log)
        self.assertEqual(logger.output, "")
        self.assertEqual(list(self.work.iterdir()), [])

    def test_wrong_options_and_values(self) -> None:
        for named, options in (
            ("--nonsense", ["--nonsense"]),
            ("--port", ["--port", "0"]),
            ("--port", ["--port", "65536"]),
            ("--port", ["--port", "mqtt"]),
            ("--qos", ["--qos", "3"]),
            ("--format", ["--format", "xml"]),
            ("--topic", ["--topic", "a/#/b"]),
            ("a+", ["--topic", "a+"]),
            ("--topic", ["--topic", ""]),
            ("--interval", ["--interval", "soon"]),
            ("--mqtt-version", ["--mqtt-version", "4"]),
            ("stray", ["stray"]),
        ):
            with self.subTest(options=options):
                self.assert_usage(named, *options)

    def test_wrong_environment(self) -> None:
        self.assert_usage("MQTT_LOGGER_QOS", environment={"MQTT_LOGGER_QOS": "3"})
        self.assert_usage("MQTT_LOGGER_NONSENSE", environment={"MQTT_LOGGER_NONSENSE": "1"})

    def test_missing_configuration_file(self) -> None:
        self.assert_usage("missing.toml", "--config", "missing.toml")

    def test_help_and_version_go_to_standard_output(self) -> None:
        for option, expected in (("--help", "--topic"), ("--version", "mqtt-logger")):
            logger = self.run_logger(option)
            self.assertEqual(logger.wait(), 0)
            self.assertIn(expected, logger.output)
            self.assertEqual(logger.log, "")
        self.assertRegex(logger.output, r"Paho .*, (with tracing|a PAHO_HIGH_PERFORMANCE build)\n")
        self.assertEqual(list(self.work.iterdir()), [])

    def test_environment_and_configuration_file_set_options(self) -> None:
        broker = self.start_broker()
        lines = [f"port = {broker.port}", 'broker = "127.0.0.1"', 'output = "from/file"', ""]
        (self.work / "logger.toml").write_text("\n".join(lines))
        environment = {"MQTT_LOGGER_OUTPUT": "from/environment"}
        logger = self.run_logger("--config", "logger.toml", environment=environment)
        logger.wait_until_subscribed()
        self.assert_stops(logger)
        self.assertTrue(self.path("csv", "from/environment").exists())
        self.assertFalse((self.work / "from/file.csv").exists())


if __name__ == "__main__":
    main()
