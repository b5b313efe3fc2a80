#pragma once

#include "mqtt_logger/options/options.hpp"

#include "option_settings.hpp"

#include <vector>

namespace mqtt_logger {

/// Options about the files of a series say nothing where there is none. Throws StartupError (usage).
void check_series_options(const Options& options, const std::vector<Setting>& settings);

}  // namespace mqtt_logger
