#pragma once

#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/mqtt/receiver.hpp"
#include "mqtt_logger/options/options.hpp"

#include <mqtt/async_client.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace mqtt_logger {

/// The client library's persistence, which is how QoS 2 messages enter: the library hands a PUBLISH packet to
/// put() before it answers PUBREC, and calls remove() when PUBREL has come. So put() is the append to the
/// journal, remove() frees the packet identifier, and nothing is kept but a bit for each identifier: a PUBREL
/// for a message of the run before is answered with a placeholder. The message callback ignores QoS 2.
///
/// With any of the library's own stores a message is lost or doubled if the process ends between its write to
/// the store and the callback.
///
/// Threads: put() and remove() of received messages by the callback thread, under the library's lock; of our
///          own packets by any thread that publishes, hence the mutex. keys() and get() when the client is
///          made.
/// Errors:  put() waits where others would fail: the library ignores a failure and acknowledges anyway.
class SessionStore final : public mqtt::iclient_persistence {
 public:
  /// `session`: see Journal::begin_session().
  SessionStore(Journal& journal, Receiver& receiver, std::string session, MqttVersion version);

  void open(const std::string&, const std::string&) override {}
  void close() override {}
  void clear() override;
  bool contains_key(const std::string& key) override;
  mqtt::string_collection keys() const override;
  void put(const std::string& key, const std::vector<mqtt::string_view>& buffers) override;
  std::string get(const std::string& key) const override;
  void remove(const std::string& key) override;

 private:
  Journal& journal_;
  Receiver& receiver_;
  std::string session_;
  MqttVersion version_;
  mutable std::mutex mutex_;                 // guards sent_
  std::map<std::string, std::string> sent_;  // our own packets in flight, for this run only
};

}  // namespace mqtt_logger
