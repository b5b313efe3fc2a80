#include "log_queue.hpp"

#include "mqtt_logger/platform/log_output.hpp"
#include "mqtt_logger/platform/process.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::size_t kLineOverhead = 64;  // of the memory that a line takes besides its text

}  // namespace

struct LogQueue::State {
  State(std::size_t given_capacity, Write given_write, Notice given_notice)
      : capacity_bytes{given_capacity}, write{std::move(given_write)}, make_notice{std::move(given_notice)} {}

  /// With the mutex held.
  void append(Line line) {
    bytes += line.text.size() + kLineOverhead;
    lines.push_back(std::move(line));
    note_unwritten_log_lines(1);
  }
  /// With the mutex held: says what is missing where it is missing.
  void append_notice() {
    if (lost == 0) return;
    append(make_notice(lost));
    lost = 0;
  }

  const std::size_t capacity_bytes;
  const Write write;
  const Notice make_notice;
  std::mutex mutex;  // guards what follows
  std::condition_variable is_filled;
  std::condition_variable is_emptied;
  std::deque<Line> lines;
  std::size_t bytes = 0;
  std::uint64_t lost = 0;     // behind the last of `lines`
  std::uint64_t written = 0;  // lines, ever
  bool is_writing = false;
};

LogQueue::LogQueue(std::size_t capacity_bytes, Write write, Notice make_notice)
    : state_{std::make_shared<State>(capacity_bytes, std::move(write), std::move(make_notice))} {
  std::thread{[state = state_] { run(state); }}.detach();
}

void LogQueue::push(Line line) noexcept {
  {
    const std::lock_guard lock{state_->mutex};
    const bool fits = state_->bytes + line.text.size() + kLineOverhead <= state_->capacity_bytes;
    try {
      if (fits) {
        state_->append_notice();
        state_->append(std::move(line));
      } else {
        ++state_->lost;
      }
    } catch (...) {  // no memory
      ++state_->lost;
    }
  }
  state_->is_filled.notify_one();
}

void LogQueue::flush(std::chrono::milliseconds timeout) noexcept {
  std::unique_lock lock{state_->mutex};
  const auto is_done = [this] { return state_->lines.empty() && !state_->is_writing && state_->lost == 0; };
  while (!is_done()) {
    const std::uint64_t written = state_->written;
    const bool has_moved =
        state_->is_emptied.wait_for(lock, timeout, [&] { return is_done() || state_->written != written; });
    if (!has_moved) return;
  }
}

void LogQueue::run(const std::shared_ptr<State>& state) noexcept {
  name_this_thread("log");
  std::unique_lock lock{state->mutex};
  for (;;) {
    state->is_filled.wait(lock, [&state] { return !state->lines.empty() || state->lost != 0; });
    try {
      if (state->lines.empty()) state->append_notice();
    } catch (...) {
      state->lost = 0;  // there is no memory for a line that says so
      continue;
    }
    const Line line = std::move(state->lines.front());
    state->lines.pop_front();
    state->is_writing = true;
    lock.unlock();
    state->write(line);
    lock.lock();
    state->is_writing = false;
    state->bytes -= line.text.size() + kLineOverhead;
    ++state->written;
    note_unwritten_log_lines(-1);
    state->is_emptied.notify_all();
  }
}

}  // namespace mqtt_logger
