#include "session_store.hpp"

#include "mqtt_logger/platform/crash_point.hpp"

#include "publish_packet.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace mqtt_logger {
namespace {

// The library's key of a received packet: "r-" or "r5-" (MQTT 5) and the packet identifier. It removes both
// forms.
std::optional<PacketId> received_packet_id(std::string_view key) noexcept {
  if (key.starts_with("r-")) {
    key.remove_prefix(2);
  } else if (key.starts_with("r5-")) {
    key.remove_prefix(3);
  } else {
    return std::nullopt;
  }
  PacketId id = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
  const bool is_number = error == std::errc{} && end == key.data() + key.size() && id != 0;
  return is_number ? std::optional{id} : std::nullopt;
}

std::string join(const std::vector<mqtt::string_view>& buffers) {
  std::string bytes;
  for (const auto& buffer : buffers) bytes.append(buffer.data(), buffer.size());
  return bytes;
}

}  // namespace

SessionStore::SessionStore(Journal& journal, Receiver& receiver, std::string session, MqttVersion version)
    : journal_{journal}, receiver_{receiver}, session_{std::move(session)}, version_{version} {}

void SessionStore::clear() {
  const std::lock_guard lock{mutex_};
  sent_.clear();
}

bool SessionStore::contains_key(const std::string& key) {
  const std::lock_guard lock{mutex_};
  return sent_.contains(key);
}

mqtt::string_collection SessionStore::keys() const {
  mqtt::string_collection keys;
  if (!journal_.has_session(session_)) return keys;  // of another broker, which gives identifiers of its own
  const std::string prefix = version_ == MqttVersion::v5 ? "r5-" : "r-";
  for (const PacketId id : journal_.unreleased()) keys.push_back(prefix + std::to_string(id));
  return keys;
}

void SessionStore::put(const std::string& key, const std::vector<mqtt::string_view>& buffers) {
  if (!received_packet_id(key)) {
    const std::lock_guard lock{mutex_};
    sent_[key] = join(buffers);
    return;
  }
  // The first buffer is the fixed header, first byte and remaining length; what follows is the rest, mostly
  // in one piece.
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const bool is_one_piece = buffers.size() == 2;
  const std::string joined = is_one_piece ? std::string{} : join({buffers.begin() + 1, buffers.end()});
  const std::string_view rest =
      is_one_piece ? std::string_view{buffers[1].data(), buffers[1].size()} : joined;
  auto packet = read_publish_packet(static_cast<unsigned char>(*buffers.front().data()), rest, version_);
  if (!packet) {
    receiver_.report_drop("the broker sent a malformed QoS 2 message; it is left out");
    return;
  }
  packet->message.receive_time = now;
  crash_point("put-begun");
  receiver_.receive(packet->message, packet->packet_id, packet->is_duplicate);
  crash_point("put-done");
}

std::string SessionStore::get(const std::string& key) const {
  if (const auto id = received_packet_id(key)) return make_placeholder_packet(*id, version_);
  const std::lock_guard lock{mutex_};
  const auto packet = sent_.find(key);
  return packet == sent_.end() ? std::string{} : packet->second;
}

void SessionStore::remove(const std::string& key) {
  if (const auto id = received_packet_id(key)) {
    crash_point("release-begun");
    journal_.release(*id);
    crash_point("release-done");
    return;
  }
  const std::lock_guard lock{mutex_};
  sent_.erase(key);
}

}  // namespace mqtt_logger
