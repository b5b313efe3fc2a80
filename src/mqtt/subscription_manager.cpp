#include "subscription_manager.hpp"

#include "mqtt_logger/connection/connect_failure.hpp"
#include "mqtt_logger/journal/layout.hpp"
#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/platform/crash_point.hpp"

#include <algorithm>
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

// What the broker says with DISCONNECT of topic filters of a kind (MQTT 5, section 3.14.2.1).
bool is_meant(mqtt::ReasonCode code, const std::string& filter) {
  const bool is_shared = filter.starts_with("$share/");
  if (code == mqtt::ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED) return is_shared;
  if (code != mqtt::ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED) return false;
  BrokerLimits limits;
  limits.has_wildcards = false;
  return find_unsupported(limits, filter).has_value();
}

}  // namespace

SubscriptionManager::SubscriptionManager(const Options& options, Journal& journal, LibraryCalls& calls,
                                         std::function<void()> wake)
    : options_{options}, journal_{journal}, calls_{calls}, answers_{std::move(wake)} {}

void SubscriptionManager::doubt(const std::string& session) {
  session_ = session;
  session_subscriptions_ = subscriptions_of(journal_.subscriptions(), session_);
  // What the broker has queued comes right behind its answer, before begin().
  may_bring_more_ = !session_subscriptions_ ||
                    !filters_only_in(*session_subscriptions_, make_subscriptions(options_)).empty();
  if (session_subscriptions_) store(as_unanswered(*session_subscriptions_));
}

void SubscriptionManager::mark_confirmed() {
  if (session_subscriptions_) store(*session_subscriptions_);
}

void SubscriptionManager::store(const Subscriptions& subscriptions) {
  journal_.set_subscriptions(
      with_subscriptions(journal_.subscriptions(), session_, subscriptions, layout::kLongestSubscriptions));
}

void SubscriptionManager::begin(mqtt::async_client& client, MqttVersion version, const BrokerLimits& limits,
                                bool is_session_present) {
  // Where it is not known what the session is subscribed to, everything is asked for.
  const std::optional<Subscriptions> known = std::exchange(session_subscriptions_, std::nullopt);
  const Subscriptions kept = is_session_present && known ? *known : Subscriptions{};
  granted_ = make_subscriptions(options_);
  const std::vector<std::string> stale = filters_only_in(kept, granted_);
  leave_out_refused(limits);
  const Subscriptions missing = options_.retained == Retained::send ? granted_ : difference(granted_, kept);
  // Whatever happens from here on, this names all that the session may be subscribed to.
  store(add_unanswered(kept, granted_));
  crash_point("subscribe-begun");
  may_bring_more_ = may_bring_more_ && is_session_present;
  if (options_.retained == Retained::never && version != MqttVersion::v5 && !missing.empty())
    log::warning("--retained never: MQTT 3.1.1 cannot ask for that; messages that the broker retains come");

  const bool shares =
      std::ranges::any_of(missing, [](const auto& entry) { return entry.first.starts_with("$share/"); });
  if (shares && version != MqttVersion::v5 && !std::exchange(is_share_warning_told_, true)) {
    log::warning(
        "MQTT 3.1.1 does not tell whether the broker has shared subscriptions ($share): one that has none "
        "grants them and sends nothing");
  }

  version_ = version;
  ++connection_;
  requests_.clear();
  for (const auto& [filter, qos] : missing) requests_.push_back({filter, qos.value_or(options_.qos)});
  for (const std::string& filter : stale) requests_.push_back({filter, std::nullopt});
  sent_ = answered_ = 0;
  is_waiting_ = true;
  send_next(client);
  crash_point("subscribe-sent");
}

void SubscriptionManager::leave_out_refused(const BrokerLimits& limits) {
  const auto now = RefusedFilters::Clock::now();
  std::erase_if(granted_, [&](const auto& subscription) {
    const std::string& filter = subscription.first;
    if (refused_.is_refused(session_, filter, now)) return true;
    const auto reason = find_unsupported(limits, filter);
    if (!reason) return false;
    log::error("the broker cannot be asked for the topic filter '{}': {}; nothing of it is logged", filter,
               *reason);
    refused_.refuse(session_, filter);
    return true;
  });
}

// One packet for each filter: an answer then says which filter was refused.
void SubscriptionManager::send_next(mqtt::async_client& client) {
  const bool is_one_by_one = refused_.is_one_by_one();
  while (sent_ < requests_.size() && !(is_one_by_one && sent_ > answered_)) send(client, sent_++);
}

void SubscriptionManager::send(mqtt::async_client& client, std::size_t index) {
  const auto& [filter, qos, is_answered] = requests_[index];
  const bool is_subscribe = qos.has_value();
  auto handler = [this, connection = connection_, index, is_subscribe](const Response& response) {
    on_response(connection, index, is_subscribe, response);
  };
  if (is_subscribe) {
    calls_.subscribe(client, version_, filter, *qos, retain_handling(filter, options_.retained),
                     std::move(handler));
  } else {
    log::info("unsubscribing from '{}', which an earlier run asked for", filter);
    calls_.unsubscribe(client, version_, filter, std::move(handler));
  }
}

bool SubscriptionManager::advance(mqtt::async_client& client) {
  for (const Answer& answer : answers_.take()) handle(answer);
  if (!is_waiting_) return false;
  send_next(client);
  if (answered_ != requests_.size()) return false;
  is_waiting_ = false;
  finish();
  return true;
}

void SubscriptionManager::abandon(std::optional<mqtt::ReasonCode> disconnect_reason) {
  if (!std::exchange(is_waiting_, false)) return;
  for (const Answer& answer : answers_.take()) handle(answer);  // what came before the connection ended
  std::optional<std::string> only;
  std::size_t open = 0;
  for (std::size_t index = 0; index < sent_; ++index) {
    const Request& request = requests_[index];
    if (request.is_answered || !request.qos) continue;
    if (disconnect_reason && is_meant(*disconnect_reason, request.filter)) {
      log::error(
          "the broker refuses the topic filter '{}' by closing the connection: {}; nothing of it is logged",
          request.filter, describe_disconnect({}, *disconnect_reason));
      refused_.refuse(session_, request.filter);
      continue;
    }
    only = ++open == 1 ? std::optional{request.filter} : std::nullopt;
  }
  // With a single filter there is nothing to choose from: it is asked for again and again.
  if (open == 0 || granted_.size() == 1) return;
  if (refused_.note_loss(session_, only, RefusedFilters::Clock::now())) {
    log::error(
        "the broker closes the connection each time it is asked for the topic filter '{}': it is not asked "
        "for in the next hour; nothing of it is logged",
        *only);
  }
}

void SubscriptionManager::handle(const Answer& answer) {
  if (answer.connection != connection_ || answer.request >= requests_.size()) return;
  Request& request = requests_[answer.request];
  if (std::exchange(request.is_answered, true)) return;
  ++answered_;
  if (!request.qos) return;  // was unsubscribed
  if (answer.is_refused) {
    log::error("the broker refuses the topic filter '{}': {}; nothing of it is logged", request.filter,
               answer.reason);
    granted_.erase(request.filter);
    refused_.refuse(session_, request.filter);
  } else if (answer.granted && *answer.granted < *request.qos) {
    log::warning("the broker grants only QoS {} for '{}'{}", static_cast<int>(*answer.granted),
                 request.filter,
                 *answer.granted == QoS::at_most_once ? ": messages can be lost on the way" : "");
  }
}

void SubscriptionManager::finish() {
  refused_.note_success();
  crash_point("subscribe-answered");
  store(granted_);
  crash_point("subscribe-done");
}

void SubscriptionManager::on_response(std::uint64_t connection, std::size_t index, bool is_subscribe,
                                      const Response& response) {
  Answer answer;
  answer.connection = connection;
  answer.request = index;
  if (response.is_success) {
    answer.granted = response.granted;
    if (is_subscribe && !answer.granted) return;  // none of MQTT's answers: as if there was none
  } else {
    if (is_subscribe && !is_refused(response)) return;  // the connection is lost, which is reported as such
    answer.is_refused = is_subscribe;                   // an unsubscribe that fails: there was nothing to end
    answer.reason = describe_failure(response);
  }
  answers_.post(std::move(answer));
}

}  // namespace mqtt_logger
