#pragma once

#include "mqtt_logger/base/message.hpp"

#include "stream.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace mqtt_logger::bench {

/// The messages of a stream, as the callback sees them, over and over; each 7 microseconds after the last.
class Messages {
 public:
  static constexpr std::size_t kCount = 10'000;
  static constexpr std::size_t kTopics = 100;

  explicit Messages(PayloadKind kind) {
    for (std::size_t i = 0; i < kCount; ++i) {
      topics_.push_back(make_topic(i, kTopics));
      payloads_.push_back(make_payload(kind, i));
    }
  }

  /// Valid until the next call.
  const MessageView& next() noexcept {
    message_.topic = topics_[at_];
    message_.payload = payloads_[at_];
    message_.receive_time += std::chrono::microseconds{7};
    at_ = (at_ + 1) % kCount;
    return message_;
  }

 private:
  std::vector<std::string> topics_;
  std::vector<std::string> payloads_;
  MessageView message_{ReceiveTime{std::chrono::microseconds{1'790'000'000'000'000}}, {}, {}, {}};
  std::size_t at_ = 0;
};

}  // namespace mqtt_logger::bench
