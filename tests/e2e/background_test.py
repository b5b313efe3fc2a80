"""Without a terminal: --background, --stop, --status, --pid-file, --log-file, metrics."""

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from frozen_thread import frozen
from logger import Logger, is_started_directly
from prometheus import read_metrics
from scenario import Scenario, main
from waiting import wait_until

_ROUNDS = 5


class BackgroundScenario(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.kill_left_over)

    def kill_left_over(self) -> None:
        """Loggers in the background are no children of ours."""
        for lock in self.work.rglob("*.lock"):
            with contextlib.suppress(ValueError, ProcessLookupError):
                os.kill(int(lock.read_text().splitlines()[0]), signal.SIGKILL)

    def start_in_background(self, port: int, *options: str) -> Logger:
        command = self.run_logger("--broker", "127.0.0.1", "--port", str(port), "--background", "--log-file", "log",
                                  *options)
        command.wait(20)
        return command

    def command(self, *options: str) -> tuple[int, str]:
        """Exit code and what it prints."""
        command = self.run_logger(*options)
        return command.wait(60), command.output + command.log

    def read_log(self) -> str:
        return (self.work / "log").read_text()

    def running_process(self) -> int:
        return int(self.path("lock").read_text().splitlines()[0])

    def assert_gone(self, process: int) -> None:
        with self.assertRaises(ProcessLookupError):
            os.kill(process, 0)


class InBackground(BackgroundScenario):
    def test_returns_when_connected_and_logs_on_without_terminal(self) -> None:
        broker = self.start_broker()
        command = self.start_in_background(broker.port)
        self.assertEqual(command.wait(), 0)
        self.assertIn("subscribed to sensors/#", self.read_log(), "the command has returned too early")
        self.assertIn("logging sensors/#", command.log)
        process = self.running_process()
        self.assertNotEqual(process, command.pid)
        self.assertEqual(os.getsid(process), process, "it must have a session of its own")
        for stream in (0, 1):
            self.assertEqual(os.readlink(f"/proc/{process}/fd/{stream}"), "/dev/null")
        self.assertEqual(os.readlink(f"/proc/{process}/fd/2"), str(self.work / "log"))
        self.connect(broker.port).publish("sensors/a", "1")
        self.wait_for_records(1)
        self.assertNotIn("warning", command.log)
        self.assertEqual(self.command("--stop"), (0, f"process {process} has stopped\n"))
        wait_until(lambda: not Path(f"/proc/{process}").exists(), 10, "the logger's end")
        self.assertIn("received 1, written 1, pending 0", self.read_log())
        self.assertFalse(self.path("lock").exists())

    def test_says_why_it_is_not_connected_yet_and_keeps_trying(self) -> None:
        broker = self.make_broker()
        command = self.start_in_background(broker.port)
        self.assertEqual(command.wait(), 1)
        self.assertRegex(command.log, r"process \d+ is not connected to 127\.0\.0\.1:\d+ yet: .+; it keeps trying")
        broker.start()
        wait_until(lambda: "subscribed to" in self.read_log(), 30, "the connection")
        self.assertEqual(self.command("--stop")[0], 0)

    def test_failures_of_the_start_reach_the_command(self) -> None:
        refusing = self.start_broker("allow_anonymous false")
        command = self.start_in_background(refusing.port)
        self.assertEqual(command.wait(), 3)
        self.assertIn("refuses this client", command.log)
        self.assertFalse(self.path("lock").exists(), "the command must not end before the logger")

        logger = self.start_logger(self.start_broker().port)
        command = self.start_in_background(refusing.port)
        self.assertEqual(command.wait(), 4)
        self.assertIn(f"in use by another logger, process {logger.pid}", command.log)
        self.assertEqual(self.command("--background", "--log-file", "no/such/folder/log")[0], 4)
        self.assert_stops(logger)

    def test_stopped_before_it_was_connected(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            command = self.run_logger("--broker", "127.0.0.1", "--port", str(silent.getsockname()[1]), "--background",
                                      "--log-file", "log")
            wait_until(lambda: self.command("--status")[0] == 0, 10, "the logger")
            self.assertEqual(self.command("--stop")[0], 0)
            self.assertEqual(command.wait(20), 1)
        self.assertIn("has ended before it was connected", command.log)

    @unittest.skipIf(os.path.lexists("/dev/log"), "this machine has a system log")
    def test_says_that_nobody_keeps_the_log(self) -> None:
        code, text = self.command("--broker", "127.0.0.1", "--port", str(self.start_broker().port), "--background")
        self.assertEqual(code, 0)
        self.assertIn("this machine has no system log; without --log-file the log is lost", text)
        self.assertEqual(self.command("--stop")[0], 0)

    @unittest.skipUnless(hasattr(os, "geteuid") and os.geteuid() == 0 and not os.path.lexists("/dev/log"),
                         "needs to stand in for the system's log")
    def test_without_log_file_it_logs_to_the_system(self) -> None:
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind("/dev/log")
        self.addCleanup(os.unlink, "/dev/log")
        self.addCleanup(log.close)
        log.settimeout(20)
        broker = self.start_broker()
        self.assertEqual(self.command("--broker", "127.0.0.1", "--port", str(broker.port), "--background")[0], 0)
        while b"subscribed to" not in (line := log.recv(65536)):
            pass
        self.assertRegex(line.decode(), rf"mqtt-logger\[{self.running_process()}\]: connected to")
        self.assertEqual(self.command("--stop")[0], 0)


class Stop(BackgroundScenario):
    def test_nothing_to_stop(self) -> None:
        for options in (["--stop"], ["--stop", "--pid-file", "none.pid"]):
            code, text = self.command(*options)
            self.assertEqual(code, 0)
            self.assertIn("no logger runs", text)

    def test_never_signals_a_process_that_does_not_hold_the_lock(self) -> None:
        bystander = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        self.path("lock").parent.mkdir()
        for path, options in ((self.path("lock"), ["--stop"]), (self.work / "pid", ["--stop", "--pid-file", "pid"])):
            path.write_text(f"{bystander.pid}\n")
            code, text = self.command(*options)
            self.assertEqual((code, "no logger runs" in text), (0, True), text)
            self.assertIsNone(bystander.poll())
            with path.open("rb") as file:  # whoever may read it can lock it
                fcntl.flock(file, fcntl.LOCK_EX)
                code, text = self.command(*options)
            self.assertEqual((code, "locked by a program that is no logger" in text), (1, True), text)
            self.assertIsNone(bystander.poll())

    def test_waits_until_all_is_written_and_the_next_can_start(self) -> None:
        broker = self.start_broker()
        for number in range(_ROUNDS):
            self.assertEqual(self.start_in_background(broker.port, "--pid-file", "pid").wait(), 0)
            self.connect(broker.port).publish("sensors/a", str(number))
            options = ["--pid-file", "pid"] if number % 2 else []
            self.assertEqual(self.command("--stop", *options)[0], 0)
            self.assertFalse((self.work / "pid").exists())
            self.assertIn("pending 0", (self.work / "log").read_text().splitlines()[-1])
        # What the broker had not sent yet at a stop comes with the next start.
        self.assertEqual(self.start_in_background(broker.port).wait(), 0)
        self.wait_for_records(_ROUNDS)
        self.assertEqual(self.command("--stop")[0], 0)
        self.assertEqual([record.payload for record in self.read_both()[0]],
                         [b"%d" % number for number in range(_ROUNDS)])


    @unittest.skipUnless(os.name == "posix" and is_started_directly(), "Windows has such services")
    def test_service_of_windows_is_refused_in_one_line(self) -> None:
        for option in "--install-service", "--uninstall-service":
            code, text = self.command(option)
            self.assertEqual((code, len(text.splitlines())), (2, 1), text)
            self.assertIn(f"{option}: is for Windows; here", text)


class PidFile(BackgroundScenario):
    def test_holds_the_process_id_while_it_runs(self) -> None:
        logger = self.start_logger(self.start_broker().port, "--pid-file", "pid")
        self.assertEqual((self.work / "pid").read_text(), f"{logger.pid}\n")
        self.assert_stops(logger)
        self.assertFalse((self.work / "pid").exists())

    def test_stale_one_is_replaced(self) -> None:
        broker = self.start_broker()
        ended = subprocess.Popen(["true"])
        ended.wait()
        younger = subprocess.Popen(["sleep", "1000"])  # has got the id of a logger of long ago
        self.addCleanup(younger.wait)
        self.addCleanup(younger.kill)
        for process, age in ((ended.pid, 0), (younger.pid, 3600)):
            pid_file = self.work / "pid"
            pid_file.write_text(f"{process}\n")
            time = pid_file.stat().st_mtime - age
            os.utime(pid_file, (time, time))
            logger = self.start_logger(broker.port, "--pid-file", "pid")
            self.assertEqual(pid_file.read_text(), f"{logger.pid}\n")
            self.assert_stops(logger)
        logger = self.start_logger(broker.port, "--pid-file", "pid")
        logger.kill()
        self.assertTrue((self.work / "pid").exists())
        self.assert_stops(self.start_logger(broker.port, "--pid-file", "pid"))

    def test_somebody_elses_is_refused(self) -> None:
        other = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        for content, complaint in ((f"{other.pid}\n", f"names process {other.pid}"), ("my diary\n", "another kind")):
            (self.work / "pid").write_text(content)
            code, text = self.command("--pid-file", "pid")
            self.assertEqual(code, 4)
            self.assertIn("--pid-file pid: ", text)
            self.assertIn(complaint, text)
            self.assertEqual((self.work / "pid").read_text(), content)

    def test_not_writable_or_in_use(self) -> None:
        code, text = self.command("--pid-file", "no/such/folder/pid")
        self.assertEqual(code, 4)
        self.assertIn("--pid-file no/such/folder/pid: cannot be written", text)
        logger = self.start_logger(self.start_broker().port, "--pid-file", "pid")
        code, text = self.command("--output", "other", "--pid-file", "pid")
        self.assertEqual(code, 4)
        self.assertIn(f"in use by another logger, process {logger.pid}", text)
        self.assert_stops(logger)

    def test_only_its_own_is_removed(self) -> None:
        logger = self.start_logger(self.start_broker().port, "--pid-file", "pid")
        (self.work / "pid").unlink()
        (self.work / "pid").write_text("1\n")
        self.assert_stops(logger)
        self.assertEqual((self.work / "pid").read_text(), "1\n")


class Status(BackgroundScenario):
    def wait_for_status(self, pattern: str) -> str:
        def found() -> str:
            code, text = self.command("--status")
            return text if code == 0 and re.search(pattern, text) else ""

        return wait_until(found, 15, f"a status with {pattern!r}", poll=0.2)

    def test_nobody_runs(self) -> None:
        code, text = self.command("--status")
        self.assertEqual((code, text), (1, "no logger runs for --output exports/mqtt_data\n"))

    def test_tells_what_a_logger_does(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--topic", "sensors/#", "--topic", "alarms/+")
        publisher = self.connect(broker.port)
        for number in range(7):
            publisher.publish("sensors/a", str(number))
        text = self.wait_for_status(r"received 7, written 7, pending 0")
        size, json_size = (self.path(extension).stat().st_size for extension in ("csv", "json"))
        for line in (rf"running +as process {logger.pid} since ", rf"connected +to 127\.0\.0\.1:{broker.port} since ",
                     r"subscribed to +alarms/\+, sensors/#", rf"export +exports/mqtt_data\.csv with {size} bytes",
                     rf"export +exports/mqtt_data\.json with {json_size} bytes",
                     r"rates +\d+\.\d received, \d+\.\d written", r"last message +20", r"journal +\d+ of \d+ bytes"):
            self.assertRegex(text, line)
        broker.stop()
        self.assertRegex(self.wait_for_status(r"last fault .*no connection to"), r"not connected +to")
        logger.kill()
        self.assertEqual(self.command("--status")[0], 1)

    @unittest.skipUnless(sys.platform == "linux", "stops a thread by ptrace")
    def test_answers_for_a_logger_that_hangs(self) -> None:
        logger = self.start_logger(self.start_broker().port)
        self.wait_for_status("connected")
        os.kill(logger.pid, signal.SIGSTOP)
        try:
            self.wait_for_status("running")
        finally:
            os.kill(logger.pid, signal.SIGCONT)
        with frozen(logger.pid, "writer"):
            self.wait_for_status("running")
        self.assert_stops(logger)


class Metrics(BackgroundScenario):
    def metrics(self) -> dict[str, float]:
        path = self.work / "logger.prom"
        return read_metrics(path.read_text()) if path.exists() else {}

    def wait_for_metric(self, name: str, value: float) -> None:
        wait_until(lambda: self.metrics().get("mqtt_logger_" + name) == value, 15, f"{name} {value}", poll=0.05)

    def test_metrics_follow_the_account(self) -> None:
        broker = self.start_broker()
        self.addCleanup(os.umask, os.umask(0o027))
        logger = self.start_logger(broker.port, "--metrics-file", "logger.prom", "--stats-every", "100ms")
        self.wait_for_metric("connected", 1)
        self.assertEqual((self.work / "logger.prom").stat().st_mode & 0o777, 0o644, "another user collects it")
        publisher = self.connect(broker.port)
        for number in range(3):
            publisher.publish("sensors/a", str(number))
        self.wait_for_metric("messages_written_total", 3)
        size = self.path("csv").stat().st_size
        self.wait_for_metric('export_size_bytes{path="exports/mqtt_data.csv"}', size)
        broker.stop()
        self.wait_for_metric("connected", 0)
        broker.start()
        self.wait_for_metric("reconnects_total", 1)
        self.assert_stops(logger)
        self.assertEqual(self.metrics()["mqtt_logger_connected"], 0)
        self.assertEqual(self.metrics()["mqtt_logger_messages_pending"], 0)

    def test_metrics_that_cannot_be_written_do_not_stop_the_logger(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--metrics-file", "later/logger.prom", "--stats-every", "50ms")
        logger.wait_for("--metrics-file later/logger.prom cannot be written")
        (self.work / "later").mkdir()
        logger.wait_for("--metrics-file later/logger.prom can be written again")
        self.assert_stops(logger)

    def test_silent_filter_is_told_once_and_when_it_ends(self) -> None:
        broker = self.start_broker()
        logger = self.start_logger(broker.port, "--topic", "sensors/#", "--topic", "alarms/#", "--stale-after", "2s",
                                   "--metrics-file", "logger.prom", "--stats-every", "100ms")
        logger.wait_for("nothing came on 'alarms/#'")
        self.wait_for_metric('topic_filter_stale{filter="alarms/#"}', 1)
        self.connect(broker.port).publish("alarms/fire", "1")
        logger.wait_for("messages come again on 'alarms/#'")
        self.assert_stops(logger)
        self.assertEqual(len(logger.find("messages come again on 'sensors/#'")), 0)
        self.assertEqual(len(logger.find("nothing came on 'sensors/#'")), 1)


if __name__ == "__main__":
    main()
