"""RabbitMQ nodes on this machine that are one broker: its sessions are quorum queues, with a copy on each node."""

from pathlib import Path

from real_brokers import PASSWORD, USERNAME, RabbitMq


class RabbitMqCluster:
    """`nodes` are started one after the other; each can be killed and started again. Clients need no password."""

    def __init__(self, directory: Path, size: int = 3):
        directory.mkdir(parents=True)
        self.nodes = [RabbitMq(directory / f"node-{number}") for number in range(size)]
        for node in self.nodes:
            node.home = directory
            node.epmd_port = self.nodes[0].epmd_port
            node.config += [
                "mqtt.durable_queue_type = quorum",
                "mqtt.allow_anonymous = true",
                f"mqtt.default_user = {USERNAME}",
                f"mqtt.default_pass = {PASSWORD}",
                "cluster_formation.peer_discovery_backend = classic_config",
                *(f"cluster_formation.classic_config.nodes.{number} = {other.node}"
                  for number, other in enumerate(self.nodes, 1)),
            ]

    def start(self) -> "RabbitMqCluster":
        for node in self.nodes:
            node.start()
        return self

    def close(self) -> None:
        for node in self.nodes:
            node.close()
