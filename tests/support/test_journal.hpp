#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/platform/mapped_file.hpp"

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger::test {

inline constexpr const char* kSession = "client at broker:1883";

/// A region that outlives its Journal, as a file outlives a process: each open() is a process that was killed
/// and started again.
class JournalMemory {
 public:
  explicit JournalMemory(std::uint64_t ring_bytes) : bytes_(Journal::mapping_size(ring_bytes)) {}
  explicit JournalMemory(std::vector<std::byte> bytes) : bytes_{std::move(bytes)} {}

  [[nodiscard]] std::unique_ptr<MappedFile> map() { return std::make_unique<View>(bytes_); }
  [[nodiscard]] std::unique_ptr<Journal> open() { return std::make_unique<Journal>(map()); }

  [[nodiscard]] std::vector<std::byte>& bytes() noexcept { return bytes_; }
  [[nodiscard]] const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

 private:
  class View final : public MappedFile {
   public:
    explicit View(std::vector<std::byte>& bytes) noexcept : bytes_{bytes} {}
    std::span<std::byte> bytes() noexcept override { return bytes_; }
    std::error_code sync(std::size_t, std::size_t) noexcept override { return {}; }

   private:
    std::vector<std::byte>& bytes_;
  };

  std::vector<std::byte> bytes_;  // operator new aligns it for the 64-bit words
};

inline MessageView make_message(std::string_view topic, std::string_view payload,
                                QoS qos = QoS::at_most_once) {
  MessageView message;
  message.receive_time = ReceiveTime{std::chrono::microseconds{1'700'000'000'123'456}};
  message.topic = topic;
  message.payload = payload;
  message.qos = qos;
  return message;
}

/// All records from the checkpoint on, by payload.
inline std::vector<std::string> pending_payloads(const Journal& journal) {
  std::vector<std::string> payloads;
  Position position = journal.checkpoint().position;
  while (const auto record = journal.read(position)) payloads.emplace_back(record->message.payload);
  return payloads;
}

/// Commits everything up to `position`, and releases its space.
inline void commit_up_to(Journal& journal, Position position, std::uint64_t next_sequence) {
  Checkpoint checkpoint = journal.checkpoint();
  checkpoint.position = position;
  checkpoint.next_sequence = next_sequence;
  journal.commit(checkpoint);
  journal.release_space(position);
}

}  // namespace mqtt_logger::test
