#include "in_flight.hpp"

#include <utility>

namespace mqtt_logger {

InFlightPublish& InFlight::add(OutgoingMessage message) {
  InFlightPublish& delivery = all_.emplace_back(InFlightPublish{std::move(message)});
  const std::lock_guard lock{mutex_};
  ++count_;
  return delivery;
}

void InFlight::acknowledge(InFlightPublish& delivery) {
  complete(delivery, acknowledged_);
}

void InFlight::note_sent(InFlightPublish& delivery) {
  complete(delivery, sent_);
}

void InFlight::note_loss() {
  const std::lock_guard lock{mutex_};
  is_any_uncertain_ = is_any_uncertain_ || sent_ != sent_before_;
  sent_before_ = sent_;
}

bool InFlight::refuse(InFlightPublish& delivery) {
  return complete(delivery, refused_);
}

const InFlightPublish* InFlight::give_up_oldest() {
  for (InFlightPublish& delivery : all_) {
    if (refuse(delivery)) return &delivery;
  }
  return nullptr;
}

void InFlight::forget_complete() {
  while (!all_.empty() && is_complete(all_.front())) all_.pop_front();
}

std::size_t InFlight::count() const {
  const std::lock_guard lock{mutex_};
  return count_;
}

std::uint64_t InFlight::acknowledged() const {
  const std::lock_guard lock{mutex_};
  return acknowledged_;
}

std::uint64_t InFlight::sent() const {
  const std::lock_guard lock{mutex_};
  return sent_;
}

bool InFlight::is_any_uncertain() const {
  const std::lock_guard lock{mutex_};
  return is_any_uncertain_;
}

std::uint64_t InFlight::refused() const {
  const std::lock_guard lock{mutex_};
  return refused_;
}

bool InFlight::is_complete(const InFlightPublish& delivery) const {
  const std::lock_guard lock{mutex_};
  return delivery.is_complete;
}

bool InFlight::complete(InFlightPublish& delivery, std::uint64_t& counter) {
  const std::lock_guard lock{mutex_};
  if (std::exchange(delivery.is_complete, true)) return false;
  --count_;
  ++counter;
  return true;
}

}  // namespace mqtt_logger
