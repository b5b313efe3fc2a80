#include "mqtt_logger/output/syncer.hpp"

#include "mqtt_logger/log.hpp"

#include <utility>

namespace mqtt_logger {

Syncer::Syncer(Journal& journal, Exports& exports, std::chrono::milliseconds every)
    : journal_{journal}, exports_{exports}, every_{every}, checkpoint_{journal.checkpoint()} {}

Syncer::~Syncer() {
  join();
}

void Syncer::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Syncer::stop() noexcept {
  join();
  static_cast<void>(sync());
}

void Syncer::join() noexcept {
  if (!thread_.joinable()) return;
  is_stopping_.store(true, std::memory_order_release);  // pairs with run()
  journal_.request_sync();
  thread_.join();
}

void Syncer::run() noexcept {
  while (!is_stopping_.load(std::memory_order_acquire)) {
    static_cast<void>(sync());
    journal_.wait_for_sync_request(every_);
  }
}

void Syncer::set_checkpoint(const Checkpoint& checkpoint) noexcept {
  const std::lock_guard lock{checkpoint_mutex_};
  checkpoint_ = checkpoint;
}

Checkpoint Syncer::checkpoint() const noexcept {
  const std::lock_guard lock{checkpoint_mutex_};
  return checkpoint_;
}

std::error_code Syncer::sync() noexcept {
  const std::lock_guard sync_lock{sync_mutex_};
  const Checkpoint checkpoint = [this] {
    const std::lock_guard lock{checkpoint_mutex_};
    return checkpoint_;
  }();
  const Position head = journal_.head();
  if (synced_ == checkpoint && synced_head_ == head) return {};
  if (const std::error_code error = sync_all(checkpoint)) {
    if (!std::exchange(is_failing_, true)) {
      log::error(
          "exports or journal cannot be brought to the device: {}; a power failure would lose what came "
          "since",
          error.message());
    }
    journal_.release_space(checkpoint.position);
    return error;
  }
  if (std::exchange(is_failing_, false)) log::info("exports and journal are on the device again");
  synced_ = checkpoint;
  synced_head_ = head;
  return {};
}

std::error_code Syncer::sync_all(const Checkpoint& checkpoint) noexcept {
  if (synced_ != checkpoint) {
    if (const std::error_code error = exports_.sync()) return error;
  }
  if (const std::error_code error = journal_.sync()) return error;
  if (synced_ == checkpoint) return {};
  if (const std::error_code error = journal_.store_synced(checkpoint)) return error;
  journal_.release_space(checkpoint.position);
  return {};
}

}  // namespace mqtt_logger
