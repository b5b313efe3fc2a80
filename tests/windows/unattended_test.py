"""The Windows program without a console: --background, --stop, --status, --pid-file, --log-file, metrics, and as a service."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
from fed_scenario import SECONDS, FedScenario, wine  # noqa: E402
from logger import logger_command  # noqa: E402
from scenario import main  # noqa: E402
from waiting import wait_until  # noqa: E402

_SERVICE = "mqtt-logger"


class Unattended(FedScenario):
    def read_log(self) -> str:
        path = self.work / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait_for_log(self, pattern: str) -> None:
        wait_until(lambda: re.search(pattern, self.read_log()), SECONDS, f"{pattern!r} in the log", poll=0.05)

    def holder(self, lock: Path | None = None) -> int:
        return int((lock or self.path("lock")).read_text().splitlines()[0])


class Background(Unattended):
    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.command, "--stop")

    def test_returns_when_connected_and_is_asked_and_stopped(self) -> None:
        command = self.start(500, "--background", "--log-file", "log", "--pid-file", "pid")
        self.assertEqual(command.wait(60), 0, command.log)
        process = self.holder()
        self.assertRegex(command.log, rf"process {process}, logging sensors/#")
        self.assertIn("subscribed to", self.read_log(), "the command has returned too early")
        self.assertEqual((self.work / "pid").read_text(), f"{process}\n")
        self.wait_for_log(r"written 500\b")

        def status() -> str:
            code, text = self.command("--status")
            self.assertEqual(code, 0)
            return text if "written 500" in text else ""

        text = wait_until(status, SECONDS, "a status with 500 written")
        self.assertRegex(text, rf"running +as process {process} since ")
        self.assertIn(f"mqtt_data.csv with {self.path('csv').stat().st_size} bytes", text)
        self.assertEqual(self.command("--stop", "--pid-file", "pid"), (0, f"process {process} has stopped\n"))
        self.assertIn("stopping (--stop)", self.read_log())
        self.assert_account_is_complete(self.read_log())
        self.assertFalse(self.path("lock").exists() or (self.work / "pid").exists())
        self.assertNotIn("\r", self.read_log())
        self.assertEqual(self.command("--status")[0], 1)

    def test_failures_of_the_start_reach_the_command(self) -> None:
        for answer, code, complaint in (("refused", 3, "refuses this client"),
                                        ("failing", 1, r"is not connected to .+; it keeps trying")):
            with self.subTest(answer):
                command = self.run_logger("--background", "--log-file", "log",
                                          environment={"LOGGER_FEED_CONNECT": answer})
                self.assertEqual(command.wait(60), code, command.log)
                self.assertRegex(command.log, complaint)
        command = self.start(1, "--background", "--log-file", "log")
        self.assertEqual(command.wait(60), 4)
        self.assertIn(f"in use by another logger, process {self.holder()}", command.log)
        code, text = self.command("--background", "--output", "other", "--log-file", "no/such/folder/log")
        self.assertEqual(code, 4)
        self.assertIn("--log-file no/such/folder/log: cannot be written", text)

    def test_kill_in_the_background_loses_nothing(self) -> None:
        self.assertEqual(self.start(10**9, "--background", pause_us=200).wait(60), 0)
        wait_until(lambda: self.acknowledged() >= 500, SECONDS, "500 acknowledged")
        wine("taskkill", "/f", "/pid", str(self.holder()))
        wait_until(lambda: self.command("--status")[0] == 1, SECONDS, "its end")
        last = self.acknowledged() + 10  # the next one may be in the journal already
        self.assertEqual(self.start(last, "--background", "--log-file", "log").wait(60), 0)
        wait_until(lambda: self.acknowledged() == last, SECONDS, "all acknowledged")
        self.assertEqual(self.command("--stop")[0], 0)
        self.assert_numbered(last)


class Stop(Unattended):
    def test_whom_it_asks(self) -> None:
        for options in (["--stop"], ["--stop", "--pid-file", "none.pid"]):
            self.assertIn("no logger runs", self.command(*options)[1])
        logger = self.start(10, "--log-file", "log", "--metrics-file", "logger.prom")
        self.wait_for_log(r"written 10\b")
        self.assertRegex((self.work / "logger.prom").read_text(), r"mqtt_logger_messages_received_total \d")
        (self.work / "other.lock").write_text(f"{self.holder()}\n")  # held by nobody, whatever it says
        code, text = self.command("--stop", "--output", "other")
        self.assertEqual((code, "no logger runs" in text), (0, True), text)
        self.assertTrue(logger.is_running())
        self.assertEqual(self.command("--stop")[0], 0)
        self.assertEqual(logger.wait(SECONDS), 0)
        self.assertIn("mqtt_logger_messages_written_total 10\n", (self.work / "logger.prom").read_text())

    def test_pid_file_of_a_living_process_is_refused_and_a_stale_one_replaced(self) -> None:
        logger = self.start(10)
        logger.wait_for(r"written 10\b", SECONDS)
        pid_file = self.work / "pid"
        pid_file.write_text(f"{self.holder()}\n")
        code, text = self.command("--output", "other", "--pid-file", "pid")
        self.assertEqual(code, 4)
        self.assertIn(f"--pid-file pid: names process {self.holder()}, which runs", text)
        self.assert_stops(logger)
        logger = self.start(20, "--pid-file", "pid")
        logger.wait_for(r"written 10\b", SECONDS)
        self.assertEqual(pid_file.read_text(), f"{self.holder()}\n")
        self.assert_stops(logger)


class Service(Unattended):
    """The library that stands in reads its variables from files, because a service has an environment of its own."""

    def setUp(self) -> None:
        super().setUp()
        launcher, program = logger_command()
        library = Path(os.environ.get("WINEPATH", ""), "paho-mqtt3as.dll")
        self.folder = self.directory / "program folder"
        self.folder.mkdir()
        shutil.copy(program, self.folder)
        if library.exists():
            shutil.copy(library, self.folder)
        self.program = [launcher, str(self.folder / Path(program).name)]
        for name, value in self.feed(10**9, pause_us=1000).items():
            (self.work / name).write_text(value)
        self.addCleanup(self.run_program, "--uninstall-service")

    def run_program(self, *options: str) -> tuple[int, str]:
        done = subprocess.run([*self.program, *options], cwd=self.work, capture_output=True, stdin=subprocess.DEVNULL,
                              env={name: value for name, value in os.environ.items()
                                   if name != "WINEPATH" and not name.startswith("MQTT_LOGGER")})
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")

    def wait_for_state(self, state: str) -> None:
        wait_until(lambda: state in wine("sc", "query", _SERVICE)[1], SECONDS, f"the service in state {state}", poll=0.1)

    def test_is_installed_started_stopped_and_removed(self) -> None:
        output = "data ü/mqtt 'data'"
        code, text = self.run_program("--install-service", "--log-file", "log", "--output", output, "--stats-every", "50ms")
        self.assertEqual(code, 0, text)
        self.assertEqual(self.run_program("--install-service")[0], 4, "there is one already")
        self.assertEqual(wine("net", "start", _SERVICE)[0], 0)
        self.wait_for_state("RUNNING")
        self.wait_for_log(r"written [1-9]\d\d\b")
        self.assertEqual(self.command("--status", "--output", output)[0], 0)
        self.assertEqual(wine("net", "stop", _SERVICE)[0], 0)
        self.wait_for_state("STOPPED")
        self.assertIn("stopping (service stop)", self.read_log())
        self.assert_account_is_complete(self.read_log(), output)

        self.assertEqual(wine("net", "start", _SERVICE)[0], 0)
        written = self.acknowledged()
        wait_until(lambda: self.acknowledged() > written + 100, SECONDS, "more messages")
        self.assertEqual(self.run_program("--uninstall-service")[0], 0)  # stops it
        self.assertEqual(self.read_log().count("stopping (service stop)"), 2)
        self.assertNotIn("RUNNING", wine("sc", "query", _SERVICE)[1])
        self.assert_numbered(self.acknowledged(), output)
        self.assertEqual(self.run_program("--uninstall-service"), (0, "there is no service mqtt-logger\n"))

    def test_start_that_fails_stops_the_service_with_the_exit_code(self) -> None:
        (self.work / "folder.toml").write_text('output = "data"\n')
        self.assertEqual(self.run_program("--install-service", "--config", "folder.toml", "--log-file", "log")[0], 0)
        (self.work / "folder.toml").write_text('no-such-option = 1\n')
        wine("net", "start", _SERVICE)
        self.wait_for_state("STOPPED")
        self.assertEqual(self.read_log(), "")

    def test_says_what_a_service_would_not_have(self) -> None:
        code, text = self.run_program("--install-service", "--background")
        self.assertEqual((code, "--background" in text), (2, True), text)
        code, text = self.run_program("--install-service", "--qos", "3")
        self.assertEqual((code, "--qos" in text), (2, True), text)


if __name__ == "__main__":
    main(needs_broker=False)
