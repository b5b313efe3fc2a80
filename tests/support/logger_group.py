"""Several loggers that share the stream of one topic filter: a group of a shared subscription."""

from pathlib import Path

import exports
from exports import Record
from logger import Logger
from numbered import TOPIC_FILTER, Account, take_account

GROUP_FILTER = f"$share/loggers/{TOPIC_FILTER}"


class LoggerGroup:
    """Each member has its own output, journal and session."""

    def __init__(self, directory: Path, port: int, size: int, *options: str):
        self._directory, self._port, self._options = directory, port, options
        self.outputs = [directory / f"member-{index}" for index in range(size)]
        self._runs = [0] * size
        self.members: list[Logger] = []
        for index in range(size):
            self.members.append(self._run(index))
        for member in self.members:
            member.wait_until_subscribed(30)

    def _run(self, index: int) -> Logger:
        self._runs[index] += 1
        return Logger(self._directory, self._directory / f"member-{index}-{self._runs[index]}.stderr", "--broker",
                      "127.0.0.1", "--port", str(self._port), "--topic", GROUP_FILTER, "--output",
                      str(self.outputs[index]), "--format", "csv", *self._options)

    def kill(self, index: int) -> None:
        self.members[index].kill()

    def restart(self, index: int) -> None:
        self.members[index].close()
        self.members[index] = self._run(index)

    @property
    def csv_paths(self) -> list[Path]:
        return [output.with_suffix(".csv") for output in self.outputs]

    def count_records(self) -> list[int]:
        return [max(0, exports.count_lines(path) - 1) for path in self.csv_paths]  # less the header

    def take_account(self, published: int) -> Account:
        """Of all that the members have recorded together. Their order among each other is nobody's promise."""
        records: list[Record] = [record for path in self.csv_paths for record in exports.read_csv(path)]
        return take_account(records, published)._replace(out_of_order=0)

    def stop(self) -> list[int]:
        """The exit codes."""
        return [member.stop() for member in self.members]

    def close(self) -> None:
        for member in self.members:
            member.close()
