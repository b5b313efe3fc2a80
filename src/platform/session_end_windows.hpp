#pragma once

#include "handle_windows.hpp"

#include <windows.h>

#include <atomic>
#include <thread>

namespace mqtt_logger {

/// Asks for a stop when the user logs off or the machine shuts down. The system tells that to windows only,
/// because this program has a library that makes it more than a console program in its eyes (user32.dll), so
/// there is a window that nobody sees, and the thread of its own that a window needs.
///
/// Errors: none: without a desktop there is no window, and no user who could log off.
class SessionEnd {
 public:
  SessionEnd();
  ~SessionEnd();
  SessionEnd(const SessionEnd&) = delete;
  SessionEnd& operator=(const SessionEnd&) = delete;

 private:
  void run() noexcept;

  Handle is_ready_;  // the thread can be spoken to
  std::atomic<DWORD> thread_id_{0};
  std::thread thread_;
};

}  // namespace mqtt_logger
