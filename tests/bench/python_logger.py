#!/usr/bin/env python3
"""What the logger replaces: a plain script with paho-mqtt that appends each message to a CSV and a JSON file.

Usage: python_logger.py PORT QOS MESSAGES 3|5 BASE      On standard output: `subscribed`, `done NANOSECONDS`.
"""

import csv
import json
import sys
import time
from datetime import datetime, timezone

import paho.mqtt.client as mqtt


def main() -> None:
    port, qos, wanted = (int(word) for word in sys.argv[1:4])
    version = mqtt.MQTTv5 if sys.argv[4] == "5" else mqtt.MQTTv311
    csv_file = open(sys.argv[5] + ".csv", "w", encoding="utf-8", newline="")
    json_file = open(sys.argv[5] + ".json", "w", encoding="utf-8")
    writer = csv.writer(csv_file)
    writer.writerow(["timestamp", "topic", "payload", "qos", "retain"])
    received = 0

    def on_message(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        nonlocal received
        timestamp = datetime.now(timezone.utc).isoformat()
        payload = message.payload.decode("utf-8", "replace")
        writer.writerow([timestamp, message.topic, payload, message.qos, message.retain])
        csv_file.flush()
        json_file.write(json.dumps({"timestamp": timestamp, "topic": message.topic, "payload": payload,
                                    "qos": message.qos, "retain": bool(message.retain)}) + "\n")
        json_file.flush()
        received += 1
        if received == wanted:
            print(f"done {time.monotonic_ns()}", flush=True)
            client.disconnect()

    client = mqtt.Client("python-logger", protocol=version)
    client.on_message = on_message
    client.on_subscribe = lambda *_: print("subscribed", flush=True)
    client.connect("127.0.0.1", port)
    client.subscribe("sensors/#", qos)
    client.loop_forever()


if __name__ == "__main__":
    main()
