#include "mqtt_logger/exports/syncer.hpp"

#include "mqtt_logger/log/log.hpp"

#include <algorithm>

namespace mqtt_logger {

Syncer::Syncer(Journal& journal, Exports& exports, std::chrono::milliseconds every)
    : journal_{journal},
      exports_{exports},
      every_{every},
      written_{journal.checkpoint(), 0},
      synced_{written_} {}

Syncer::~Syncer() {
  join();
}

void Syncer::start() {
  thread_ = std::thread{[this] { run(); }};
}

std::error_code Syncer::stop() noexcept {
  join();
  return sync();
}

void Syncer::join() noexcept {
  if (!thread_.joinable()) return;
  is_stopping_.store(true, std::memory_order_release);  // pairs with run()
  journal_.request_sync();
  thread_.join();
}

void Syncer::run() noexcept {
  while (!is_stopping_.load(std::memory_order_acquire)) wait_after(!sync_beside_writer());
}

bool Syncer::sync_beside_writer() noexcept {
  {
    const std::lock_guard sync_lock{sync_mutex_};
    if (is_left_to_writer_) {
      static_cast<void>(journal_.sync());  // what waits in it must outlive a power failure
      return false;
    }
  }
  return !sync();
}

// A journal that is full asks for a sync again and again, which is no reason to try a device more often that
// has just failed.
void Syncer::wait_after(bool has_failed) noexcept {
  using Clock = std::chrono::steady_clock;
  const auto due = Clock::now() + every_;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
    journal_.wait_for_sync_request(std::max(left, std::chrono::milliseconds{0}));
  } while (has_failed && !is_stopping_.load(std::memory_order_acquire) && Clock::now() < due);
}

void Syncer::set_checkpoint(const Checkpoint& checkpoint, std::uint64_t records) noexcept {
  const std::lock_guard lock{checkpoint_mutex_};
  written_ = {checkpoint, records};
}

Checkpoint Syncer::checkpoint() const noexcept {
  const std::lock_guard lock{checkpoint_mutex_};
  return written_.first;
}

std::error_code Syncer::sync() noexcept {
  const std::lock_guard sync_lock{sync_mutex_};
  const Written written = [this] {
    const std::lock_guard lock{checkpoint_mutex_};
    return written_;
  }();
  const Position head = journal_.head();
  if (!is_sync_needed_ && synced_.first == written.first && synced_head_ == head) return {};
  if (const std::error_code error = sync_all(written)) {
    is_sync_needed_ = true;
    report(error);
    return error;
  }
  journal_.mark_confirmed();
  if (failing_.end()) log::info("exports and journal are on the device again");
  is_sync_needed_ = false;
  synced_head_ = head;
  return {};
}

std::error_code Syncer::sync_all(const Written& written) noexcept {
  const bool is_new = is_sync_needed_ || synced_.first != written.first;
  // The journal in any case, for what waits in it.
  const std::error_code exports_error = is_new ? sync_exports() : std::error_code{};
  if (const std::error_code error = journal_.sync()) return error;
  if (exports_error || !is_new) return exports_error;
  if (const std::error_code error = journal_.store_synced(written.first)) return error;
  synced_ = written;
  is_left_to_writer_ = false;
  journal_.release_space(written.first.position);
  return {};
}

std::error_code Syncer::sync_exports() noexcept {
  if (is_unconfirmed()) return exports_error_;
  if (const std::error_code error = exports_.sync_names()) {
    journal_.mark_unconfirmed();  // for the next start
    return error;
  }
  const std::error_code error = exports_.sync();
  if (!error) return {};
  exports_error_ = error;
  is_left_to_writer_ = true;
  journal_.mark_unconfirmed();
  is_unconfirmed_.store(true, std::memory_order_release);  // pairs with is_unconfirmed()
  return error;
}

std::optional<Syncer::Written> Syncer::go_back() noexcept {
  const std::lock_guard sync_lock{sync_mutex_};
  is_unconfirmed_.store(false, std::memory_order_relaxed);
  is_sync_needed_ = true;
  if (!has_kept()) return std::nullopt;
  const std::lock_guard lock{checkpoint_mutex_};
  written_ = synced_;
  return synced_;
}

// Whether the journal has all that the device may not have.
bool Syncer::has_kept() const noexcept {
  return journal_.released() <= synced_.first.position;
}

void Syncer::report(const std::error_code& error) noexcept {
  if (!failing_.is_due(LogInterval::Clock::now())) return;
  if (has_kept()) {
    log::error(
        "exports or journal cannot be brought to the device: {}; what is not there waits in the journal ({} "
        "bytes), and is written again when the device takes it; trying again each second",
        error.message(), journal_.pending_bytes());
  } else {
    log::error(
        "exports or journal cannot be brought to the device: {}; with --fsync no the journal does not keep "
        "what is not there: a power failure would lose it, even after the device works again",
        error.message());
  }
}

}  // namespace mqtt_logger
