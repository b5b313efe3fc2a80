#pragma once

#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/lock_file.hpp"

#include <filesystem>
#include <memory>

namespace mqtt_logger {

/// The file that says which logger uses an output: `<output>.lock`.
[[nodiscard]] std::filesystem::path output_lock_path(const Options& options);

/// One logger an output: two would tear each other's lines. Makes the output's folder. Throws StartupError.
[[nodiscard]] std::unique_ptr<LockFile> lock_output(const Options& options, const TryAgain& try_again = {});

}  // namespace mqtt_logger
