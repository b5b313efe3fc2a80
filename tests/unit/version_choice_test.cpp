#include "mqtt_logger/connection/version_choice.hpp"

#include "support/catch.hpp"

using namespace mqtt_logger;
using Next = VersionChoice::Next;

TEST_CASE("A broker that says it does not speak MQTT 5 is asked for 3.1.1, once") {
  VersionChoice version{MqttVersion::v5};
  CHECK(version.take_older());
  CHECK(version.current() == MqttVersion::v3_1_1);
  CHECK_FALSE(version.take_older());
  for (int i = 0; i < 5; ++i) CHECK(version.note_unanswered() == Next::same);
  CHECK(version.current() == MqttVersion::v3_1_1);
}

TEST_CASE(
    "Two CONNECTs without an answer are taken for a matter of the version, until the older one has none "
    "either") {
  VersionChoice version{MqttVersion::v5};
  for (int i = 0; i < 3; ++i) {
    CHECK(version.note_unanswered() == Next::doubtful);
    CHECK(version.current() == MqttVersion::v5);
    CHECK(version.note_unanswered() == Next::older);
    CHECK(version.current() == MqttVersion::v3_1_1);
    CHECK(version.note_unanswered() == Next::wanted);
    CHECK(version.current() == MqttVersion::v5);
  }
}

TEST_CASE("The version that was answered stays") {
  VersionChoice version{MqttVersion::v5};
  SECTION("5") {
    CHECK(version.note_unanswered() == Next::doubtful);
    version.note_connected();
    for (int i = 0; i < 5; ++i) CHECK(version.note_unanswered() == Next::same);
    CHECK(version.current() == MqttVersion::v5);
  }
  SECTION("3.1.1, after a guess") {
    CHECK(version.note_unanswered() == Next::doubtful);
    CHECK(version.note_unanswered() == Next::older);
    version.note_connected();
    for (int i = 0; i < 5; ++i) CHECK(version.note_unanswered() == Next::same);
    CHECK(version.current() == MqttVersion::v3_1_1);
  }
  SECTION("3.1.1, as the user wants it") {
    VersionChoice older{MqttVersion::v3_1_1};
    for (int i = 0; i < 5; ++i) CHECK(older.note_unanswered() == Next::same);
    CHECK(older.current() == MqttVersion::v3_1_1);
  }
}
