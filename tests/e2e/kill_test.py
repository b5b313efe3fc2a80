"""Killed at random moments, it loses nothing and doubles nothing. scripts/kill-campaign does the same for longer."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from kill_campaign import Combination, KillCampaign
from numbered import Account, Pace
from scenario import Scenario, main

_KILLS = 6
_SEED = 1


class Kills(Scenario):
    def run_campaign(self, qos: int, mqtt_version: str, journal_size: str) -> None:
        combination = Combination(qos, mqtt_version, Pace(rate=5000, burst=1000), journal_size)
        result = KillCampaign(self.directory / "campaign", combination, _SEED).run(_KILLS)
        self.assertEqual((result.kills, result.account), (_KILLS, Account()), result)

    def test_qos_1_with_mqtt_5(self) -> None:
        self.run_campaign(1, "5", "64KiB")

    def test_qos_1_with_mqtt_3_1_1(self) -> None:
        self.run_campaign(1, "3.1.1", "1MiB")

    def test_qos_2_with_mqtt_5(self) -> None:
        self.run_campaign(2, "5", "1MiB")

    def test_qos_2_with_mqtt_3_1_1(self) -> None:
        self.run_campaign(2, "3.1.1", "64KiB")


if __name__ == "__main__":
    main()
