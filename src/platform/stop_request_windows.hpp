#pragma once

#include <windows.h>

namespace mqtt_logger::stop_request {

/// Asks for a stop and ends the main thread's wait. The first reason stays; false if there was one already.
/// Any thread, also before there is a StopEvents: the service manager may be that quick.
bool make(const char* reason) noexcept;

/// For a handler after whose return the system ends the process, or else when the time that it gives is over
/// (5 s for a closed window). So it does not return: the process ends with the main thread, by itself and
/// with its own exit code.
[[noreturn]] void make_and_stay(const char* reason) noexcept;

/// What asked for the stop; null before.
[[nodiscard]] const char* reason() noexcept;

/// Forgets it: for another StopEvents in the same process, as tests make them.
void clear() noexcept;

/// Signalled once by each end_wait(). Null if the system has none left.
[[nodiscard]] HANDLE event() noexcept;

void end_wait() noexcept;

}  // namespace mqtt_logger::stop_request
