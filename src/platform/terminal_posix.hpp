#pragma once

namespace mqtt_logger::terminal {

/// The mode of the terminal on standard input. Process-wide, because signal handlers give it back.
///
/// Threads:   take() by the main thread; the others by any thread and in signal handlers.
/// Invariant: the mode is only changed, and given back, while we are in the terminal's foreground: in the
///            background it belongs to the shell or to another job.

/// Makes keys act without Enter and without echo, if we are in the foreground, and says whether we are. May
/// be called again and again: it finds out what the shell has done in between.
bool take() noexcept;

/// Gives the terminal back as take() found it, if it is ours to give.
void give_back() noexcept;

/// Gives the terminal back and stops the process as Ctrl-Z does by default; returns when it is continued.
/// For the handler of SIGTSTP.
void suspend() noexcept;

}  // namespace mqtt_logger::terminal
