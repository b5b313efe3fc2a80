#pragma once

#include "mqtt_logger/options/options.hpp"

namespace mqtt_logger {

/// What became of the sessions at the brokers.
enum class Forgotten { all, not_all, refused };

/// Ends the session that each broker keeps for us: connects with a clean start, and leaves so that nothing is
/// kept. Says in the log what became of it. Waits, up to half a minute for each broker.
[[nodiscard]] Forgotten forget_sessions(const Options& options);

}  // namespace mqtt_logger
