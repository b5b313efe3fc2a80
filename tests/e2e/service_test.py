"""As a systemd service: readiness, status lines, the watchdog, and the unit file."""

import os
import re
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from frozen_thread import frozen
from logger import Logger
from notify_socket import NotifySocket
from programs import require_program
from scenario import Scenario, main
from waiting import SLOWNESS

_WATCHDOG_SECONDS = 1.0 * SLOWNESS
_HIGHEST_EXPOSURE = 2.0


class Notifications(Scenario):
    def start_service(self, port: int, watchdog_seconds: float = 0, *options: str) -> tuple[Logger, NotifySocket]:
        manager = NotifySocket(self.directory / "notify", watchdog_seconds)
        self.addCleanup(manager.close)
        logger = self.run_logger("--broker", "127.0.0.1", "--port", str(port), *options,
                                 environment=manager.environment)
        return logger, manager

    def test_ready_after_the_first_subscription(self) -> None:
        broker = self.start_broker()
        logger, manager = self.start_service(broker.port)
        messages = manager.wait_for("READY=1")
        self.assertTrue(broker.log_path and "as mqtt-logger-" in broker.log_path.read_text(), "ready before it was connected")
        logger.wait_for("subscribed to")
        self.assertIn("STATUS=logging sensors/#", "\n".join(messages))
        self.connect(broker.port).publish("sensors/a", "1")
        manager.wait_for("STATUS=logging sensors/# from 127.0.0.1:%d; received 1, written 1" % broker.port)
        self.assert_stops(logger)
        self.assertIn("STOPPING=1", manager.drain())

    def test_ready_without_broker_says_that_it_waits(self) -> None:
        broker = self.make_broker()
        logger, manager = self.start_service(broker.port)
        messages = manager.wait_for("READY=1")
        self.assertRegex("\n".join(messages), r"STATUS=waiting for the broker at 127\.0\.0\.1:\d+ \(.+\)")
        self.assertEqual(logger.find("subscribed to"), [])
        broker.start()
        manager.wait_for("STATUS=logging sensors/#")
        broker.stop()
        manager.wait_for("STATUS=waiting for the broker")
        self.assert_stops(logger)

    def test_not_ready_when_refused(self) -> None:
        broker = self.start_broker("allow_anonymous false")
        logger, manager = self.start_service(broker.port)
        self.assertEqual(logger.wait(), 3)
        self.assertNotIn("READY=1", manager.drain())

    def test_reload_ends_when_the_exports_are_open_again(self) -> None:
        broker = self.start_broker()
        logger, manager = self.start_service(broker.port)
        manager.wait_for("READY=1")
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        for extension in ("csv", "json"):
            self.path(extension).rename(self.path(extension + ".1"))
        os.kill(logger.pid, signal.SIGHUP)
        message = manager.wait_for("RELOADING=1")[-1]
        self.assertRegex(message, r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertLess(int(message.rpartition("=")[2]), time.monotonic_ns() // 1000)
        manager.wait_for("READY=1")
        self.assertEqual(self.read_both(), ([], []))
        self.assert_stops(logger)

    @unittest.skipUnless(sys.platform == "linux", "stops a thread by ptrace")
    def test_reload_does_not_end_while_the_writer_is_stuck(self) -> None:
        logger, manager = self.start_service(self.start_broker().port)
        manager.wait_for("READY=1")
        with frozen(logger.pid, "writer"):
            os.kill(logger.pid, signal.SIGHUP)
            manager.wait_for("RELOADING=1")
            self.assertNotIn("READY=1", [manager.receive(0.1 * SLOWNESS) for _ in range(4)])
        manager.wait_for("READY=1")
        self.assert_stops(logger)

    def test_no_manager_that_listens_is_no_error(self) -> None:
        broker = self.start_broker()
        for name in ("/nowhere/at/all", "relative", "@" + "x" * 200, "@nobody-listens-here"):
            with self.subTest(name=name):
                logger = self.run_logger("--broker", "127.0.0.1", "--port", str(broker.port),
                                         environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "junk"})
                logger.wait_until_subscribed()
                self.assert_stops(logger)

    @unittest.skipUnless(sys.platform == "linux", "stops a thread by ptrace")
    def test_watchdog_is_fed_by_the_progress_of_the_writer(self) -> None:
        broker = self.start_broker()
        logger, manager = self.start_service(broker.port, _WATCHDOG_SECONDS)
        manager.wait_for("READY=1")
        for _ in range(3):  # also when no message comes
            manager.wait_for("WATCHDOG=1")
        with frozen(logger.pid, "writer"):
            # Turns that were done before may still be told; then silence, though the main thread goes on.
            for _ in range(3):
                manager.receive(_WATCHDOG_SECONDS / 2)
            manager.drain()
            self.connect(broker.port).publish("sensors/a", "1")
            manager.wait_for("STATUS=logging sensors/# from 127.0.0.1:%d; received 1, written 0" % broker.port)
            self.assertNotIn("WATCHDOG=1", [manager.receive(_WATCHDOG_SECONDS / 2) for _ in range(4)])
        manager.wait_for("WATCHDOG=1")
        self.wait_for_records(1)
        self.assert_stops(logger)


class UnitFile(unittest.TestCase):
    def setUp(self) -> None:
        self.analyze = require_program("systemd-analyze")
        self.unit = ROOT / "scripts/mqtt-logger.service"

    def test_is_understood(self) -> None:
        # The program is not installed here; that it is missing is the only complaint there may be.
        result = subprocess.run([self.analyze, "verify", "--man=no", str(self.unit)], capture_output=True, text=True)
        complaints = [line for line in result.stderr.splitlines() if "/usr/bin/mqtt-logger is not executable" not in line]
        self.assertEqual(complaints, [])

    def test_leaves_no_core_file(self) -> None:
        """One would hold the password and the last messages."""
        lines = self.unit.read_text().splitlines()
        service = lines[lines.index("[Service]"):lines.index("[Install]")]
        self.assertEqual([line for line in service if line.startswith("LimitCORE")], ["LimitCORE=0"])

    def test_is_started_again_after_a_shortage(self) -> None:
        """Exit code 1, such as a disk without room has at the start when it is stopped or cannot be brought to the device."""
        lines = self.unit.read_text().splitlines()
        self.assertIn("Restart=on-failure", lines)
        self.assertEqual([line for line in lines if line.startswith("RestartPreventExitStatus")],
                         ["RestartPreventExitStatus=2 3 4"])

    def test_is_hardened(self) -> None:
        result = subprocess.run([self.analyze, "security", "--offline=true", "--no-pager", str(self.unit)],
                                capture_output=True, text=True, check=True)
        overall = result.stdout.strip().splitlines()[-1]
        print(overall, file=sys.stderr)
        exposure = re.search(r"exposure level for mqtt-logger\.service: ([\d.]+)", overall)
        assert exposure is not None, result.stdout
        self.assertLess(float(exposure[1]), _HIGHEST_EXPOSURE)


if __name__ == "__main__":
    main()
