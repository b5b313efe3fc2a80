#pragma once

#include <cstdint>
#include <string>

namespace mqtt_logger {

[[nodiscard]] std::uint64_t process_id() noexcept;

/// When a process was started, in a unit of the system's: together with its id it tells this process from
/// every other one of this start of the machine, also from one that gets the same id later. 0 if there is
/// none, or if that is unknown.
[[nodiscard]] std::uint64_t start_of_process(std::uint64_t id);

/// This machine's name on its network, up to the first dot; "localhost" if it has none.
[[nodiscard]] std::string host_name();

/// A text that is the same until the machine starts again; empty where the system has none.
[[nodiscard]] std::string boot_id();

/// Ends this process at once, as if another one had killed it: nothing of it is run or flushed any more.
[[noreturn]] void kill_self() noexcept;

/// Gives the calling thread a name, for tools that list threads. At most 15 characters.
void name_this_thread(const char* name) noexcept;

/// The calling thread gets less of processor and disk than others, as far as the system knows that. Not
/// nothing: on a machine that is always busy it would never make room.
void lower_this_threads_priority() noexcept;

/// Takes a variable out of this process's environment. Call before the first thread starts.
void remove_from_environment(const char* name) noexcept;

}  // namespace mqtt_logger
