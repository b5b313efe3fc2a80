// What holds for every message. A failure prints its seed; `--rng-seed <seed>` begins with that very case.
#include "mqtt_logger/base/utf8.hpp"
#include "mqtt_logger/format/json_validator.hpp"

#include "../support/base64.hpp"
#include "../support/expected_text.hpp"
#include "../support/random_text.hpp"
#include "../support/round_trip.hpp"
#include "format/properties.hpp"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

using namespace mqtt_logger;

namespace {

template <typename Check>
void for_many_seeds(std::uint64_t count, Check check) {
  const std::uint64_t first = Catch::getSeed();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    CAPTURE(seed);
    test::RandomText random{seed};
    check(random);
  }
}

std::string make_payload(test::RandomText& random) {
  switch (random.below(5)) {
    case 0:
      return random.make_bytes(60);
    case 1:
      return random.make_utf8(30);
    case 2:
      return random.mutate(random.make_utf8(30));
    case 3:
      return random.make_json();
    default:
      return random.mutate(random.make_json());
  }
}

std::string to_wire(std::uint64_t number, int byte_count) {
  std::string bytes;
  for (int shift = 8 * (byte_count - 1); shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(number >> shift & 0xFF));
  return bytes;
}

std::string to_wire(std::string_view text) {
  return to_wire(text.size(), 2) + std::string{text};
}

}  // namespace

TEST_CASE("Formats: every message is recovered from its records") {
  std::map<Encoding, int> seen;
  for_many_seeds(20000, [&seen](test::RandomText& random) {
    const std::string topic = random.below(4) == 0 ? random.make_bytes(20) : random.make_utf8(10);
    const std::string payload = make_payload(random);
    const std::string properties = random.below(4) == 0 ? random.make_bytes(10) : "";
    CAPTURE(topic, payload, properties);
    const auto qos = static_cast<QoS>(random.below(3));
    const test::RoundTrip round_trip{{ReceiveTime{}, topic, payload, properties, qos, random.below(2) == 0}};
    const auto fault = round_trip.find_fault();
    INFO(fault.value_or(""));
    REQUIRE_FALSE(fault);
    ++seen[find_encoding(payload)];
  });
  for (const Encoding encoding : {Encoding::json, Encoding::text, Encoding::base64})
    CHECK(seen[encoding] > 2000);
}

TEST_CASE("Formats: the JSON check agrees with nlohmann's parser") {
  for_many_seeds(40000, [](test::RandomText& random) {
    std::string text = random.make_json();
    if (random.below(2) == 0) text = random.mutate(text);
    if (!is_valid_utf8(text)) return;
    CAPTURE(text);
    REQUIRE(is_portable_json(text) == test::expect_portable_json(text));
  });
}

TEST_CASE("Formats: UTF-8 is judged and repaired as by nlohmann's writer") {
  for_many_seeds(20000, [](test::RandomText& random) {
    const std::string bytes =
        random.below(4) == 0 ? random.make_bytes(20) : random.mutate(random.make_utf8(15));
    CAPTURE(bytes);
    std::string storage;
    REQUIRE(as_valid_utf8(bytes, storage) == test::expect_valid_utf8(bytes));
    REQUIRE(is_valid_utf8(bytes) == (test::expect_valid_utf8(bytes) == bytes));
  });
}

TEST_CASE("Formats: Base64 gives the bytes back") {
  for_many_seeds(2000, [](test::RandomText& random) {
    const std::string bytes = random.make_bytes(50);
    std::string text;
    append_base64(text, bytes);
    REQUIRE(test::decode_base64(text) == bytes);
  });
}

TEST_CASE("Formats: properties in any order become the documented object") {
  for_many_seeds(5000, [](test::RandomText& random) {
    auto user_properties = nlohmann::ordered_json::array();
    std::vector<std::string> on_the_wire;
    for (std::size_t i = random.below(3); i > 0; --i) {
      const std::string name = random.make_utf8(3);
      const std::string value = random.make_utf8(3);
      user_properties.push_back({name, value});
      on_the_wire.push_back("\x26" + to_wire(name) + to_wire(value));
    }
    auto expected = nlohmann::ordered_json::object();
    const auto maybe_add = [&](const char* name, const nlohmann::json& value, const std::string& wire) {
      if (random.below(2) == 0) return;
      const auto position = static_cast<std::ptrdiff_t>(random.below(on_the_wire.size() + 1));
      on_the_wire.insert(on_the_wire.begin() + position, wire);
      if (name != nullptr) expected[name] = value;
    };
    const std::size_t number = random.below(std::size_t{1} << 32);
    const std::string text = random.make_utf8(5);
    const std::string bytes = random.make_bytes(5);
    maybe_add("payload_format_indicator", number % 2, "\x01" + to_wire(number % 2, 1));
    maybe_add("message_expiry_interval", number, "\x02" + to_wire(number, 4));
    maybe_add("content_type", text, "\x03" + to_wire(text));
    maybe_add("response_topic", text, "\x08" + to_wire(text));
    maybe_add("correlation_data", bytes, "\x09" + to_wire(bytes));
    maybe_add(nullptr, nullptr, "\x23" + to_wire(number % 65536, 2));
    maybe_add(nullptr, nullptr, "\x0B\xFF\x7F");
    if (!user_properties.empty()) expected["user_properties"] = user_properties;

    const std::string wire = std::accumulate(on_the_wire.begin(), on_the_wire.end(), std::string{});
    std::string object;
    REQUIRE(append_properties(object, wire) == !expected.empty());
    if (expected.empty()) return;
    auto found = nlohmann::ordered_json::parse(object);
    if (found.contains("correlation_data")) {
      found["correlation_data"] = test::decode_base64(found["correlation_data"].get<std::string>()).value();
    }
    REQUIRE(found == expected);
  });
}
