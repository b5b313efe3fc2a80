#pragma once

#include "mqtt_logger/options/options.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace mqtt_logger {

/// What is wrong with the files that the options name, before any of them is opened: one that is written and
/// is also named by another option, through whatever link or spelling; one that is no regular file; one whose
/// name is too long for what is added to it. Nothing if all is well. `lock` is the output's.
[[nodiscard]] std::optional<std::string> find_path_fault(const Options& options,
                                                         const std::filesystem::path& lock);

}  // namespace mqtt_logger
