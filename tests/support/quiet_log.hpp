#pragma once

#include "mqtt_logger/log/log.hpp"

#include <cstdio>

namespace mqtt_logger::test {

/// Keeps the log quiet as long as it lives: tests that start the logger a hundred thousand times would bury
/// their own words in it. Sanitizers write to the descriptor and are still heard.
class QuietLog {
 public:
  QuietLog() {
    log::set_level(LogLevel::error);
#if defined(__GLIBC__)
    stderr = null_;
#endif
  }
  ~QuietLog() {
#if defined(__GLIBC__)
    stderr = standard_error_;
    std::fclose(null_);
#endif
    log::set_level(LogLevel::info);
  }
  QuietLog(const QuietLog&) = delete;
  QuietLog& operator=(const QuietLog&) = delete;

 private:
#if defined(__GLIBC__)
  std::FILE* standard_error_ = stderr;
  std::FILE* null_ = std::fopen("/dev/null", "w");
#endif
};

}  // namespace mqtt_logger::test
