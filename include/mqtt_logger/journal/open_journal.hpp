#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/options/options.hpp"

#include <memory>
#include <string>

namespace mqtt_logger {

/// Where the journal of these options stands: `--journal`, or the output with `.journal` appended.
[[nodiscard]] std::filesystem::path journal_path(const Options& options);

/// Opens or makes the journal that the options ask for, and says in the log what a user should know of it. A
/// damaged one is moved aside; what is not a journal at all is left alone. Without room for it `try_again` is
/// asked.
/// Throws StartupError (output_unusable).
[[nodiscard]] std::unique_ptr<Journal> open_journal(const Options& options, const TryAgain& try_again = {});

}  // namespace mqtt_logger
