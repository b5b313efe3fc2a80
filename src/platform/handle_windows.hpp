#pragma once

#include <windows.h>

#include <utility>

namespace mqtt_logger {

/// A handle of the system, closed by the destructor. Empty if the call that made it failed.
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(HANDLE handle) noexcept : handle_{handle == INVALID_HANDLE_VALUE ? nullptr : handle} {}
  Handle(Handle&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() { reset(); }

  void reset() noexcept {
    if (handle_ != nullptr) CloseHandle(handle_);
    handle_ = nullptr;
  }

  [[nodiscard]] HANDLE release() noexcept { return std::exchange(handle_, nullptr); }
  [[nodiscard]] HANDLE get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  HANDLE handle_ = nullptr;
};

}  // namespace mqtt_logger
