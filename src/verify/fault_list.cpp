#include "fault_list.hpp"

#include "mqtt_logger/base/escape.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace mqtt_logger {

void FaultList::add(const std::filesystem::path& file, std::uint64_t line, const std::string& what) {
  if (++count_ > kMaximum) return;
  progress_.clear();
  const std::string text = fmt::format("{}:{}: {}\n", escaped(file.string()), line, escaped(what));
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace mqtt_logger
