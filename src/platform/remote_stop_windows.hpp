#pragma once

#include "handle_windows.hpp"

#include <cstdint>
#include <system_error>

namespace mqtt_logger {

/// The door by which another process can ask this one to stop: an event whose name holds our process id. It
/// is seen from every session, so that an administrator finds a service; only the same user and
/// administrators may signal it. It goes with the process.
class RemoteStop {
 public:
  RemoteStop() noexcept;
  ~RemoteStop();
  RemoteStop(const RemoteStop&) = delete;
  RemoteStop& operator=(const RemoteStop&) = delete;

 private:
  Handle event_;
  HANDLE wait_ = nullptr;
};

/// That door of another process; signalling it with SetEvent() asks that process, also when its id is given
/// to another one meanwhile.
[[nodiscard]] std::error_code open_remote_stop(std::uint64_t process, Handle& event) noexcept;

}  // namespace mqtt_logger
