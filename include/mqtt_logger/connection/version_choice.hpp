#pragma once

#include "mqtt_logger/options/options.hpp"

#include <cstdint>
#include <utility>

namespace mqtt_logger {

/// Which version of MQTT one broker is asked for. Brokers that do not know MQTT 5 say so, or close the
/// connection at its CONNECT, or say nothing. After two such attempts in a row the version is taken for the
/// reason; if the older one is not answered either, it was not that: a proxy, say, whose broker is away.
///
/// Threads: one owner.
class VersionChoice {
 public:
  enum class Next : std::uint8_t {
    same,      ///< the version is not the reason
    doubtful,  ///< it may be: once more, and it is changed
    older,     ///< from now on it is 3.1.1
    wanted,    ///< 3.1.1 was a guess, and a wrong one: it is again what the user wants
  };

  explicit VersionChoice(MqttVersion wanted) noexcept : wanted_{wanted}, current_{wanted} {}

  [[nodiscard]] MqttVersion current() const noexcept { return current_; }
  void note_connected() noexcept {
    unanswered_ = 0;
    has_spoken_v5_ = has_spoken_v5_ || current_ == MqttVersion::v5;
  }
  /// The broker says that it does not speak this version. False: there is no other one to try.
  [[nodiscard]] bool take_older() noexcept {
    return std::exchange(current_, MqttVersion::v3_1_1) == MqttVersion::v5;
  }
  /// The broker has taken a CONNECT and answered nothing.
  [[nodiscard]] Next note_unanswered() noexcept {
    constexpr int kEnough = 2;
    if (has_spoken_v5_) return Next::same;  // what closes there is not the broker
    if (current_ != MqttVersion::v5) {
      if (std::exchange(unanswered_, 0) < kEnough) return Next::same;
      current_ = wanted_;
      return Next::wanted;
    }
    if (++unanswered_ < kEnough) return Next::doubtful;
    current_ = MqttVersion::v3_1_1;
    return Next::older;
  }

 private:
  MqttVersion wanted_;
  MqttVersion current_;
  bool has_spoken_v5_ = false;
  int unanswered_ = 0;  // in a row
};

}  // namespace mqtt_logger
