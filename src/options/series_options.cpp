#include "series_options.hpp"

#include "mqtt_logger/base/error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mqtt_logger {
namespace {

constexpr std::array<std::string_view, 4> kOfSeries{"keep", "keep-for", "keep-size", "compress"};

bool is_set(const Options& options, std::string_view name) noexcept {
  if (name == "keep") return options.keep_groups != 0;
  if (name == "keep-for") return options.keep_for.count() != 0;
  if (name == "compress") return options.compress != Compression::none;
  return options.keep_size_bytes != 0;
}

}  // namespace

// Whoever asks for it believes that old files go; without rotation there is one file, which never does.
void check_series_options(const Options& options, const std::vector<Setting>& settings) {
  if (options.rotate_size_bytes != 0 || options.rotate_every.count() != 0) return;
  for (const Setting& setting : settings) {
    const std::string_view name = setting.definition->name;
    if (std::ranges::find(kOfSeries, name) != kOfSeries.end() && is_set(options, name)) {
      refuse(setting.origin + ": needs --rotate-size or --rotate-every");
    }
  }
}

}  // namespace mqtt_logger
