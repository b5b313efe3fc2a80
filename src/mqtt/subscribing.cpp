#include "subscribing.hpp"

#include "mqtt_logger/journal/crash_point.hpp"
#include "mqtt_logger/log.hpp"

#include "connection.hpp"

#include <bit>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

namespace mqtt_logger {
namespace {

// A shared subscription gets no retained messages (MQTT 5, section 4.8.2), but Mosquitto 2.0 sends them
// unless they are declined. No-local stays off: for a shared subscription it is an error (section 3.8.3.1).
mqtt::subscribe_options::RetainHandling retain_handling(const std::string& filter,
                                                        Retained retained) noexcept {
  if (filter.starts_with("$share/")) return mqtt::subscribe_options::DONT_SEND_RETAINED;
  switch (retained) {
    case Retained::send:
      return mqtt::subscribe_options::SEND_RETAINED_ON_SUBSCRIBE;
    case Retained::once:
      return mqtt::subscribe_options::SEND_RETAINED_ON_NEW;
    case Retained::never:
      return mqtt::subscribe_options::DONT_SEND_RETAINED;
  }
  return mqtt::subscribe_options::SEND_RETAINED_ON_NEW;
}

// The answer to a request for one topic filter; nothing if it is none of MQTT's (sections 3.9.3).
std::optional<QoS> granted_qos(const mqtt::token& token) noexcept {
  try {
    const mqtt::subscribe_response response = token.get_subscribe_response();
    const std::vector<mqtt::ReasonCode>& codes = response.get_reason_codes();
    if (codes.size() != 1) return std::nullopt;
    // Not as an enumerator: the library lets numbers through that the type cannot hold (with MQTT 3.1.1, if
    // there are several codes, a piece of a pointer).
    const auto code = std::bit_cast<std::uint32_t>(codes.front());
    if (code > 2) return std::nullopt;
    return static_cast<QoS>(code);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

Subscribing::Subscribing(const Options& options, Journal& journal, std::function<void()> wake)
    : options_{options}, journal_{journal}, answers_{std::move(wake)} {}

void Subscribing::doubt() {
  kept_ = read_subscriptions(journal_.subscriptions());
  journal_.set_subscriptions(write_subscriptions(as_unanswered(kept_)));
}

void Subscribing::end_doubt() {
  journal_.set_subscriptions(write_subscriptions(kept_));
}

void Subscribing::begin(mqtt::async_client& client, MqttVersion version, bool is_session_present) {
  const Subscriptions kept = is_session_present ? std::exchange(kept_, {}) : Subscriptions{};
  made_ = make_subscriptions(options_);
  const Subscriptions missing = options_.retained == Retained::send ? made_ : difference(made_, kept);
  const std::vector<std::string> stale = filters_only_in(kept, made_);
  // Whatever happens from here on, this names all that the session may be subscribed to.
  journal_.set_subscriptions(write_subscriptions(add_unanswered(kept, made_)));
  crash_point("subscribe-begun");

  first_request_ += asked_.size();
  asked_.clear();
  answers_due_ = missing.size() + stale.size();
  is_waiting_ = true;
  const auto next_request = [this](const std::string& filter) {
    asked_.push_back(filter);
    return reinterpret_cast<void*>(first_request_ + asked_.size() - 1);
  };
  if (options_.retained == Retained::never && version != MqttVersion::v5 && !missing.empty())
    log::warning("--retained never: MQTT 3.1.1 cannot ask for that; messages that the broker retains come");
  mqtt::subscribe_options subscribe;
  for (const auto& [filter, qos] : missing) {
    subscribe.set_retain_handling(retain_handling(filter, options_.retained));
    // One packet for each filter: an answer then says which filter was refused.
    client.subscribe(filter, static_cast<int>(qos.value_or(options_.qos)), next_request(filter), *this,
                     subscribe);
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
  const std::string& filter = asked_[index];
  const auto asked = made_.find(filter);
  if (asked == made_.end()) return;  // was unsubscribed
  if (answer.is_refused) {
    log::error("the broker refuses the topic filter '{}': {}; nothing of it is logged", filter,
               answer.reason);
    made_.erase(asked);
  } else if (answer.granted && answer.granted < asked->second) {
    log::warning("the broker grants only QoS {} for '{}'{}", static_cast<int>(*answer.granted), filter,
                 *answer.granted == QoS::at_most_once ? ": messages can be lost on the way" : "");
  }
}

void Subscribing::finish() {
  crash_point("subscribe-answered");
  journal_.set_subscriptions(write_subscriptions(made_));
  crash_point("subscribe-done");
}

void Subscribing::on_success(const mqtt::token& token) {
  Answer answer;
  answer.request = reinterpret_cast<std::uintptr_t>(token.get_user_context());
  if (token.get_type() == mqtt::token::Type::SUBSCRIBE) {
    answer.granted = granted_qos(token);
    if (!answer.granted) return;  // as if there was no answer
  }
  answers_.post(std::move(answer));
}

void Subscribing::on_failure(const mqtt::token& token) {
  const bool is_subscribe = token.get_type() == mqtt::token::Type::SUBSCRIBE;
  if (is_subscribe && !is_refused(token)) return;  // the connection is lost, which is reported as such
  Answer answer;
  answer.request = reinterpret_cast<std::uintptr_t>(token.get_user_context());
  answer.is_refused = is_subscribe;  // an unsubscribe that fails: there was nothing to end
  answer.reason = describe_failure(token);
  answers_.post(std::move(answer));
}

}  // namespace mqtt_logger
