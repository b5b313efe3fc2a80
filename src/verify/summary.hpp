#pragma once

#include "mqtt_logger/format/json_scanner.hpp"
#include "mqtt_logger/recording/record.hpp"

#include "sequence_check.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mqtt_logger {

/// What is told of some records: of a topic, or of an export.
struct Counts {
  std::uint64_t records = 0;
  std::uint64_t payload_bytes = 0;
  std::array<std::uint64_t, 3> by_encoding{};  ///< as in Encoding
  ReceiveTime first;
  ReceiveTime last;
  std::chrono::microseconds longest_silence{0};

  void add(const RecordedMessage& record) noexcept;
};

struct TopicSummary {
  Counts counts;
  SequenceCheck sequence;
  std::uint64_t numbered = 0;
  std::size_t last_payload = 0;  ///< its hash
  std::uint64_t equal_to_last = 0;
};

/// Counts the records of an export, in all and by topic. Its size grows with the topics alone.
class Summary {
 public:
  /// `sequence`: where in a payload its number stands, if it has one. `finds_duplicates`: whether to count
  /// the records that equal the one before on their topic.
  explicit Summary(std::optional<JsonPointer> sequence, bool finds_duplicates = false)
      : sequence_{std::move(sequence)}, finds_duplicates_{finds_duplicates} {}

  /// What the record's number tells, as a sentence that names the topic.
  [[nodiscard]] std::optional<std::string> add(const RecordedMessage& record);

  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  [[nodiscard]] bool finds_duplicates() const noexcept { return finds_duplicates_; }
  [[nodiscard]] bool has_sequence() const noexcept { return sequence_.has_value(); }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Topics = std::unordered_map<std::string, TopicSummary, Hash, std::equal_to<>>;
  [[nodiscard]] const Topics& topics() const noexcept { return topics_; }

 private:
  [[nodiscard]] std::optional<std::uint64_t> find_number(const RecordedMessage& record) const;

  std::optional<JsonPointer> sequence_;
  bool finds_duplicates_;
  Counts counts_;
  std::uint64_t file_bytes_ = 0;
  Topics topics_;
};

}  // namespace mqtt_logger
