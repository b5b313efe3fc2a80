#include "subscribing.hpp"

#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"

#include "connection.hpp"

#include <utility>

namespace mqtt_logger {

Subscribing::Subscribing(const Options& options, Journal& journal, std::function<void()> wake)
    : options_{options}, journal_{journal}, answers_{std::move(wake)} {}

void Subscribing::doubt() {
  kept_ = read_subscriptions(journal_.subscriptions());
  journal_.set_subscriptions(write_subscriptions(as_unanswered(kept_)));
}

void Subscribing::end_doubt() {
  journal_.set_subscriptions(write_subscriptions(kept_));
}

void Subscribing::begin(mqtt::async_client& client, bool is_session_present) {
  const Subscriptions kept = is_session_present ? std::exchange(kept_, {}) : Subscriptions{};
  const Subscriptions wanted = make_subscriptions(options_);
  const Subscriptions missing = difference(wanted, kept);
  const std::vector<std::string> stale = filters_only_in(kept, wanted);
  // Whatever happens from here on, this names all that the session may be subscribed to.
  journal_.set_subscriptions(write_subscriptions(add_unanswered(kept, wanted)));
  crash_point("subscribe-begun");

  first_request_ += asked_.size();
  asked_.clear();
  refused_.clear();
  answers_due_ = missing.size() + stale.size();
  is_waiting_ = true;
  const auto next_request = [this](const std::string& filter) {
    asked_.push_back(filter);
    return reinterpret_cast<void*>(first_request_ + asked_.size() - 1);
  };
  mqtt::subscribe_options subscribe;
  subscribe.set_retain_handling(mqtt::subscribe_options::SEND_RETAINED_ON_NEW);
  for (const auto& [filter, qos] : missing) {
    // One packet for each filter: an answer then says which filter was refused.
    client.subscribe(filter, static_cast<int>(options_.qos), next_request(filter), *this, subscribe);
  }
  for (const std::string& filter : stale) {
    log::info("unsubscribing from '{}', which an earlier run asked for", filter);
    client.unsubscribe(filter, next_request(filter), *this);
  }
  crash_point("subscribe-sent");
}

bool Subscribing::advance() {
  for (const Answer& answer : answers_.take()) handle(answer);
  if (!is_waiting_ || answers_due_ != 0) return false;
  is_waiting_ = false;
  finish();
  return true;
}

void Subscribing::handle(const Answer& answer) {
  // Of an earlier connection? The difference of unsigned numbers is then beyond the end as well.
  const std::uintptr_t index = answer.request - first_request_;
  if (!is_waiting_ || index >= asked_.size()) return;
  --answers_due_;
  if (!answer.is_refused) return;
  const std::string& filter = asked_[index];
  refused_.insert(filter);
  log::error("the broker refuses the topic filter '{}': {}; nothing of it is logged", filter, answer.reason);
}

void Subscribing::finish() {
  made_ = make_subscriptions(options_);
  for (const std::string& filter : refused_) made_.erase(filter);
  crash_point("subscribe-answered");
  journal_.set_subscriptions(write_subscriptions(made_));
  crash_point("subscribe-done");
}

void Subscribing::on_success(const mqtt::token& token) {
  answers_.post({reinterpret_cast<std::uintptr_t>(token.get_user_context()), false, {}});
}

void Subscribing::on_failure(const mqtt::token& token) {
  // An unsubscribe that fails: there was nothing to end.
  const bool is_refused = token.get_type() == mqtt::token::Type::SUBSCRIBE;
  answers_.post(
      {reinterpret_cast<std::uintptr_t>(token.get_user_context()), is_refused, describe_failure(token)});
}

}  // namespace mqtt_logger
