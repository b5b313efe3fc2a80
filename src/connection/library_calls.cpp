#include "mqtt_logger/connection/library_calls.hpp"

#include "mqtt_logger/log/log.hpp"

#include <exception>
#include <utility>

namespace mqtt_logger {
namespace {

// Paho C++ keeps the C library's handle and structures in private members and has no accessors for them.
// Access checks do not apply to the arguments of an explicit instantiation (C++20, [temp.spec]/6); if a
// member changes, this no longer compiles.
using ClientHandle = MQTTAsync mqtt::async_client::*;
using ConnectStructure = MQTTAsync_connectOptions mqtt::connect_options::*;
ClientHandle client_handle_member() noexcept;
ConnectStructure connect_structure_member() noexcept;

template <ClientHandle kMember>
struct ClientAccess {
  friend ClientHandle client_handle_member() noexcept { return kMember; }
};
template struct ClientAccess<&mqtt::async_client::cli_>;

template <ConnectStructure kMember>
struct ConnectAccess {
  friend ConnectStructure connect_structure_member() noexcept { return kMember; }
};
template struct ConnectAccess<&mqtt::connect_options::opts_>;

void require_begun(int return_code) {
  if (return_code != MQTTASYNC_SUCCESS) throw mqtt::exception{return_code};
}

std::optional<QoS> to_granted(int code) noexcept {
  return code >= 0 && code <= 2 ? std::optional{static_cast<QoS>(code)} : std::nullopt;
}

}  // namespace

MQTTAsync handle_of(mqtt::async_client& client) noexcept {
  return client.*client_handle_member();
}

LibraryCalls::Call& LibraryCalls::add(Handler handler) {
  while (!calls_.empty() && calls_.front().is_answered.load(std::memory_order_acquire)) calls_.pop_front();
  return calls_.emplace_back(std::move(handler));
}

void LibraryCalls::connect(mqtt::async_client& client, mqtt::connect_options& options, Handler handler) {
  Call& call = add(std::move(handler));
  MQTTAsync_connectOptions& structure = options.*connect_structure_member();
  structure.context = &call;
  if (structure.MQTTVersion >= MQTTVERSION_5) {
    structure.onSuccess = nullptr;
    structure.onFailure = nullptr;
    structure.onSuccess5 = on_connected5;
    structure.onFailure5 = on_failure5;
  } else {
    structure.onSuccess5 = nullptr;
    structure.onFailure5 = nullptr;
    structure.onSuccess = on_connected;
    structure.onFailure = on_failure;
  }
  require_begun(MQTTAsync_connect(handle_of(client), &structure));
}

void LibraryCalls::subscribe(mqtt::async_client& client, MqttVersion version, const std::string& filter,
                             QoS qos, mqtt::subscribe_options::RetainHandling retained, Handler handler) {
  MQTTAsync_responseOptions options = make_options(add(std::move(handler)), version);
  options.subscribeOptions.retainHandling = static_cast<unsigned char>(retained);
  require_begun(MQTTAsync_subscribe(handle_of(client), filter.c_str(), static_cast<int>(qos), &options));
}

void LibraryCalls::unsubscribe(mqtt::async_client& client, MqttVersion version, const std::string& filter,
                               Handler handler) {
  MQTTAsync_responseOptions options = make_options(add(std::move(handler)), version);
  require_begun(MQTTAsync_unsubscribe(handle_of(client), filter.c_str(), &options));
}

MQTTAsync_responseOptions LibraryCalls::make_options(Call& call, MqttVersion version) {
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  options.context = &call;
  if (version == MqttVersion::v5) {
    options.onSuccess5 = on_success5;
    options.onFailure5 = on_failure5;
  } else {
    options.onSuccess = on_success;
    options.onFailure = on_failure;
  }
  return options;
}

void LibraryCalls::on_connected(void* call, MQTTAsync_successData* data) {
  Response response;
  response.is_success = true;
  response.is_session_present = data != nullptr && data->alt.connect.sessionPresent != 0;
  answer(call, response);
}

void LibraryCalls::on_connected5(void* call, MQTTAsync_successData5* data) {
  Response response;
  response.is_success = true;
  if (data != nullptr) {
    response.is_session_present = data->alt.connect.sessionPresent != 0;
    response.properties = mqtt::properties{data->properties};
  }
  answer(call, response);
}

void LibraryCalls::on_success(void* call, MQTTAsync_successData* data) {
  Response response;
  response.is_success = true;
  if (data != nullptr) response.granted = to_granted(data->alt.qos);
  answer(call, response);
}

void LibraryCalls::on_success5(void* call, MQTTAsync_successData5* data) {
  Response response;
  response.is_success = true;
  if (data != nullptr) {
    if (data->alt.sub.reasonCodeCount < 2) response.granted = to_granted(static_cast<int>(data->reasonCode));
    response.properties = mqtt::properties{data->properties};
  }
  answer(call, response);
}

void LibraryCalls::on_failure(void* call, MQTTAsync_failureData* data) {
  Response response;
  response.return_code = data == nullptr ? MQTTASYNC_FAILURE : data->code;
  if (data != nullptr && data->message != nullptr) response.text = data->message;
  answer(call, response);
}

void LibraryCalls::on_failure5(void* call, MQTTAsync_failureData5* data) {
  Response response;
  response.return_code = data == nullptr ? MQTTASYNC_FAILURE : data->code;
  if (data != nullptr) {
    response.reason_code = static_cast<int>(data->reasonCode);
    if (data->message != nullptr) response.text = data->message;
    response.properties = mqtt::properties{data->properties};
  }
  answer(call, response);
}

// The library is C: no exception may go through it.
void LibraryCalls::answer(void* call, const Response& response) noexcept {
  auto& answered = *static_cast<Call*>(call);
  try {
    answered.handler(response);
  } catch (const std::exception& error) {
    log::error("an answer of the broker cannot be handled: {}", error.what());
  }
  answered.is_answered.store(true, std::memory_order_release);
}

}  // namespace mqtt_logger
