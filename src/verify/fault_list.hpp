#pragma once

#include "mqtt_logger/recording/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace mqtt_logger {

/// Prints faults to standard output, `file:line: what is wrong`, up to so many; counts them all.
class FaultList {
 public:
  explicit FaultList(Progress& progress) noexcept : progress_{progress} {}

  void add(const std::filesystem::path& file, std::uint64_t line, const std::string& what);
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Those that were not printed.
  [[nodiscard]] std::uint64_t unprinted() const noexcept { return count_ > kMaximum ? count_ - kMaximum : 0; }

 private:
  static constexpr std::uint64_t kMaximum = 100;
  Progress& progress_;
  std::uint64_t count_ = 0;
};

}  // namespace mqtt_logger
