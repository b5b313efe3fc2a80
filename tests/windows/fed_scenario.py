"""Scenarios of the Windows program with a client library that needs no broker: paho_stand_in.cpp."""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from logger import Logger  # noqa: E402
from scenario import Scenario  # noqa: E402

__all__ = ["SECONDS", "FedScenario", "wine"]

SECONDS = 20  # as is; everything is slower under Wine, and its start is


def wine(*command: str) -> tuple[int, str]:
    """Exit code and output of a program of Wine's own."""
    done = subprocess.run(["wine", *command], stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace").replace("\r", "")


class FedScenario(Scenario):
    """`messages` numbered messages are delivered at QoS 1, over all runs of the test."""

    def start(self, messages: int, *options: str, pause_us: int = 0) -> Logger:
        return self.run_logger("--stats-every", "50ms", *options, environment=self.feed(messages, pause_us))

    def feed(self, messages: int, pause_us: int = 0) -> dict[str, str]:
        return {"LOGGER_FEED": str(messages), "LOGGER_FEED_PAUSE_US": str(pause_us),
                "LOGGER_FEED_ACKNOWLEDGED": str(self.directory / "acknowledged")}

    def acknowledged(self) -> int:
        try:
            return int((self.directory / "acknowledged").read_text() or 0)
        except FileNotFoundError:
            return 0

    def command(self, *options: str) -> tuple[int, str]:
        """Exit code of an action that ends at once, and what it prints."""
        command = self.run_logger(*options)
        return command.wait(60), command.output + command.log

    def assert_numbered(self, last: int, output: str = "exports/mqtt_data") -> None:
        for records in self.read_both(output):
            self.assertEqual([record.payload for record in records], [b"%d" % n for n in range(1, last + 1)])

    def assert_account_is_complete(self, log: str, output: str = "exports/mqtt_data") -> None:
        account = re.search(r"received (\d+), written (\d+), pending 0, dropped 0", log.splitlines()[-1])
        self.assertIsNotNone(account, log[-500:])
        self.assertEqual(account[1], account[2])  # type: ignore[index]
        self.assert_numbered(int(account[1]), output)  # type: ignore[index]
