#include "in_flight.hpp"

#include <utility>

namespace mqtt_logger {

Delivery& Deliveries::add(OutgoingMessage message) {
  Delivery& delivery = all_.emplace_back(Delivery{std::move(message)});
  const std::lock_guard lock{mutex_};
  ++in_flight_;
  return delivery;
}

void Deliveries::acknowledge(Delivery& delivery) {
  settle(delivery, acknowledged_);
}

void Deliveries::note_sent(Delivery& delivery) {
  settle(delivery, sent_);
}

void Deliveries::note_loss() {
  const std::lock_guard lock{mutex_};
  is_any_uncertain_ = is_any_uncertain_ || sent_ != sent_before_;
  sent_before_ = sent_;
}

bool Deliveries::refuse(Delivery& delivery) {
  return settle(delivery, refused_);
}

const Delivery* Deliveries::give_up_oldest() {
  for (Delivery& delivery : all_) {
    if (refuse(delivery)) return &delivery;
  }
  return nullptr;
}

void Deliveries::forget_settled() {
  while (!all_.empty() && is_settled(all_.front())) all_.pop_front();
}

std::size_t Deliveries::in_flight() const {
  const std::lock_guard lock{mutex_};
  return in_flight_;
}

std::uint64_t Deliveries::acknowledged() const {
  const std::lock_guard lock{mutex_};
  return acknowledged_;
}

std::uint64_t Deliveries::sent() const {
  const std::lock_guard lock{mutex_};
  return sent_;
}

bool Deliveries::is_any_uncertain() const {
  const std::lock_guard lock{mutex_};
  return is_any_uncertain_;
}

std::uint64_t Deliveries::refused() const {
  const std::lock_guard lock{mutex_};
  return refused_;
}

bool Deliveries::is_settled(const Delivery& delivery) const {
  const std::lock_guard lock{mutex_};
  return delivery.is_settled;
}

bool Deliveries::settle(Delivery& delivery, std::uint64_t& counter) {
  const std::lock_guard lock{mutex_};
  if (std::exchange(delivery.is_settled, true)) return false;
  --in_flight_;
  ++counter;
  return true;
}

}  // namespace mqtt_logger
