"""Numbered messages: published without an end, and accounted for by their numbers."""

import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from exports import GrowingFile, Record
from mqtt_client import Client, Message
from processes import Background

TOPIC_FILTER = "numbered/#"
_TOPICS = 5
_CLIENT_VERSIONS = {"3.1.1": 4, "5": 5}
_SEQUENCE = re.compile(rb'\{"seq":(\d+)')


class Account(NamedTuple):
    """What became of the messages that were published."""

    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0

    @property
    def is_good(self) -> bool:
        return not any(self)


class Pace(NamedTuple):
    """So many messages a second on average, in bursts as fast as the broker takes them."""

    rate: int
    burst: int


def make_message(number: int, qos: int) -> Message:
    """The message's number on its topic stands in the payload, as in the simulator's, so that `--verify` can check it:
    JSON texts of many lengths."""
    topic, sequence = number % _TOPICS, number // _TOPICS
    if topic == 0:
        payload = b'{"seq":%d}' % sequence
    else:
        payload = b'{"seq":%d,"filler":"%s"}' % (sequence, b"x" * (number * 31 % (2000 if topic == 1 else 100)))
    return Message(f"numbered/{topic}", payload, qos)


def take_account(records: list[Record], published: int) -> Account:
    """Compares records with the first `published` messages. The first copy counts for the order."""
    topics = [make_message(topic, 0).topic for topic in range(_TOPICS)]
    copies: dict[str, Counter] = {topic: Counter() for topic in topics}
    last = dict.fromkeys(topics, -1)
    out_of_order = 0
    for record in records:
        match = _SEQUENCE.match(record.payload)
        assert match is not None, f"not one of our payloads: {record.payload[:100]!r}"
        sequence = int(match[1])
        if sequence not in copies[record.topic]:
            out_of_order += sequence < last[record.topic]
            last[record.topic] = sequence
        copies[record.topic][sequence] += 1
    lost = sum(sequence not in copies[topic]
               for index, topic in enumerate(topics) for sequence in range(len(range(index, published, _TOPICS))))
    doubled = sum(count - 1 for counter in copies.values() for count in counter.values())
    return Account(lost, doubled, out_of_order)


class NumberedPublisher(Background):
    """Publishes numbered messages, in a process of its own, until it is told to finish; never far ahead of the CSV
    `exports`, if there are any: together they hold every message.

    Mosquitto and Paho keep what is in flight at QoS 2 in lists: with a long queue they would need minutes.
    """

    def __init__(self, port: int, qos: int, mqtt_version: str, pace: Pace, *exports: Path):
        super().__init__(self._publish, port, qos, mqtt_version, pace, *exports)

    def finish(self) -> int:
        """How many it has published, all acknowledged by the broker."""
        self.pipe.send("finish")
        return self.wait(60)

    @staticmethod
    def _publish(pipe: Any, port: int, qos: int, mqtt_version: str, pace: Pace, *exports: Path) -> int:
        most_ahead = 20_000 if qos == 1 else 4000
        growing = [GrowingFile(export) for export in exports]
        published = 0

        def may_go_on() -> bool:
            while (exports and all(export.exists() for export in exports)
                   and published - sum(file.count_lines() for file in growing) > most_ahead):
                if pipe.poll(0.02):
                    return False
            return not pipe.poll()

        def messages() -> Iterator[Message]:
            nonlocal published
            for number in itertools.count():
                if number % 100 == 0 and not may_go_on():
                    return
                published = number + 1
                yield make_message(number, qos)

        with Client(port, version=_CLIENT_VERSIONS[mqtt_version]) as client:
            client.publish_all(messages(), rate=pace.rate, burst=pace.burst, seconds=24 * 3600)
        return published
