"""Old files of a series go, and nothing else: by number, by size, by age, under load and at the start."""

import gzip
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from numbered import TOPIC_FILTER, make_message
from scenario import Scenario, main
from series import list_series, read_series
from waiting import wait_until

_MESSAGES = 4000


def make_export(path: Path) -> None:
    """One of an earlier run, which began when its name says."""
    digits = path.name.split("-")[1]
    time = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T00:00:00.250000Z"
    if ".csv" in path.suffixes:
        content = f"timestamp,topic,payload,encoding,qos,retain\n{time},a,1,json,0,false\n"
    else:
        content = f'[\n{{"timestamp":"{time}","topic":"a"}}\n]\n'
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())


class Retention(Scenario):
    def setUp(self) -> None:
        super().setUp()
        self.broker = self.start_broker("max_queued_messages 0")
        self.folder = self.work / "exports"
        self.folder.mkdir()

    def run_series(self, *options: str) -> list[str]:
        """Writes a few hundred files; the log's lines about those that were removed."""
        logger = self.start_logger(self.broker.port, "--topic", TOPIC_FILTER, "--rotate-size", "8KiB", *options)
        with self.connect(self.broker.port) as publisher:
            publisher.publish_all(make_message(number, 1) for number in range(_MESSAGES))
        wait_until(self.is_last_written, 30, "the last message", poll=0.1)
        wait_until(lambda: self.is_kept(options), 30, "old files to go", poll=0.1)
        self.assert_stops(logger)
        return logger.find("is removed")

    def is_last_written(self) -> bool:
        last = make_message(_MESSAGES - 1, 1).payload
        return any(last in path.read_bytes() for path in self.files("json")[-1:])

    def is_kept(self, options: tuple[str, ...]) -> bool:
        if "--keep" in options:
            return len(self.files("csv")) == int(options[options.index("--keep") + 1])
        try:
            return sum(path.stat().st_size for path in self.folder.glob("mqtt_data-*")) <= 100 * 1024
        except FileNotFoundError:  # removed while we look
            return False

    def files(self, extension: str) -> list[Path]:
        return list_series(self.folder, "mqtt_data", extension, with_single=False)

    def assert_newest_are_whole(self) -> None:
        """What is left is the end of what was published, without a gap, and the same in both formats."""
        records = read_series(self.folder, "mqtt_data", with_single=False)
        self.assertGreater(len(records), 0)
        expected = [make_message(number, 1).payload for number in range(_MESSAGES - len(records), _MESSAGES)]
        self.assertEqual([record.payload for record in records], expected)

    def test_number_of_files_is_kept_and_others_are_left_alone(self) -> None:
        others = ["mqtt_data.csv.1", "mqtt_data-20200101T000000Z.aside.csv", "mqtt_data-2-20200101T000000Z.csv",
                  "mqtt_data-20200101T000000Z.csv.bak", "mqtt_data.aside-20200101T000000Z.csv"]
        for name in others:
            (self.folder / name).write_text("old\n")
        for name in ("mqtt_data-20200101T000000Z.csv", "mqtt_data-20200101T000000Z-2.json.gz"):
            make_export(self.folder / name)
        self.record(self.broker.port, ["1"])  # without rotation
        single = self.path("csv").read_bytes()
        removed = self.run_series("--keep", "3")
        self.assertEqual(len(self.files("csv")), 3)
        self.assertEqual(len(self.files("json")), 3)
        self.assert_newest_are_whole()
        self.assertEqual(self.path("csv").read_bytes(), single)
        for name in others:
            self.assertTrue((self.folder / name).exists(), name)
        self.assertFalse((self.folder / "mqtt_data-20200101T000000Z.csv").exists())
        self.assertFalse((self.folder / "mqtt_data-20200101T000000Z-2.json.gz").exists())
        self.assertGreater(len(removed), 20)
        self.assertTrue(all("(--keep)" in line for line in removed), removed)

    def test_size_is_kept(self) -> None:
        removed = self.run_series("--keep-size", "100KiB")
        self.assertGreater(sum(path.stat().st_size for path in self.folder.glob("mqtt_data-*")), 50 * 1024)
        self.assert_newest_are_whole()
        self.assertTrue(all("(--keep-size)" in line for line in removed), removed)

    def test_old_files_go_at_the_start(self) -> None:
        for name in ("mqtt_data-20200101T000000Z.csv", "mqtt_data-20200101T000000Z.json.gz",
                     "mqtt_data-20200201T000000Z.csv"):
            make_export(self.folder / name)
        logger = self.start_logger(self.broker.port, "--rotate-every", "day", "--keep-for", "30d")
        logger.wait_for(r"mqtt_data-20200101T000000Z\.(csv|json\.gz) is removed \(--keep-for\)", count=2)
        self.assert_stops(logger)
        self.assertEqual([path.name for path in self.folder.glob("mqtt_data-*")], ["mqtt_data-20200201T000000Z.csv"])

    def test_file_that_cannot_be_removed_is_said_once_and_tried_again(self) -> None:
        stubborn = self.folder / "mqtt_data-20200101T000000Z.csv"
        make_export(stubborn)
        stubborn.with_suffix(".json").mkdir()
        logger = self.start_logger(self.broker.port, "--rotate-every", "1s", "--keep", "2", "--simulate",
                                   "--interval", "50ms")
        logger.wait_for("is removed", 20, count=4)
        self.assertEqual(len(logger.find(r"warning .*20200101T000000Z\.json cannot be removed: Is a directory")), 1)
        self.assertFalse(stubborn.exists())
        make_export(stubborn)
        stubborn.with_suffix(".json").rmdir()
        make_export(stubborn.with_suffix(".json"))
        logger.wait_for(r"20200101T000000Z\.json is removed \(--keep\)", 20)
        self.assert_stops(logger)

    def test_without_rotation_it_is_a_mistake(self) -> None:
        logger = self.run_logger("--keep", "3")
        self.assertEqual(logger.wait(), 2)
        self.assertEqual(logger.log, "mqtt-logger: --keep 3: needs --rotate-size or --rotate-every\n")


if __name__ == "__main__":
    main()
