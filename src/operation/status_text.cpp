#include "status_text.hpp"

#include "mqtt_logger/base/escape.hpp"
#include "mqtt_logger/base/timestamp.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>

namespace mqtt_logger {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int kVersion = 1;
constexpr auto kOld = seconds{10};  // it is renewed each second

/// FNV-1a; it has only to tell a text that was read while it was replaced.
std::uint64_t checksum(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return hash;
}

json to_json(const std::optional<ReceiveTime>& time) {
  return time ? json(time->time_since_epoch().count()) : json(nullptr);
}

std::optional<ReceiveTime> to_time(const json& value) {
  if (value.is_null()) return std::nullopt;
  return ReceiveTime{std::chrono::microseconds{value.get<std::int64_t>()}};
}

std::string show(ReceiveTime time) {
  TimestampFormatter timestamps;
  return std::string{timestamps.format(time)};
}

std::string show_age(ReceiveTime time, ReceiveTime now) {
  const auto age = std::max(seconds{0}, std::chrono::floor<seconds>(now - time)).count();
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 3600;
  constexpr std::int64_t kDay = 24 * kHour;
  if (age < kMinute) return fmt::format("{} s", age);
  if (age < kHour) return fmt::format("{} min {} s", age / kMinute, age % kMinute);
  if (age < kDay) return fmt::format("{} h {} min", age / kHour, age % kHour / kMinute);
  return fmt::format("{} d {} h", age / kDay, age % kDay / kHour);
}

std::string describe_connection(const ConnectionStatus& connection, ReceiveTime now) {
  std::string text;
  if (connection.is_subscribed && connection.since) {
    text = fmt::format("connected      to {} since {} ({})\n", escaped(connection.broker),
                       show(*connection.since), show_age(*connection.since, now));
  } else {
    text = fmt::format("not connected  to {}{}\n", escaped(connection.broker),
                       connection.last_failure.empty() ? "" : ": " + escaped(connection.last_failure));
  }
  std::string filters;
  for (const std::string& filter : connection.filters)
    filters += (filters.empty() ? "" : ", ") + escaped(filter);
  text += fmt::format("subscribed to  {}\n", filters.empty() ? "nothing yet" : filters);
  if (connection.session_expiry.count() != 0) {
    text += fmt::format("session        kept by the broker for {} s while the logger is away\n",
                        connection.session_expiry.count());
  }
  return text;
}

Status to_status(const json& value) {
  Status status;
  status.time = to_time(value.at("time")).value();
  status.started = to_time(value.at("started")).value();
  status.process_id = value.at("process_id");
  status.client_id = value.at("client_id");
  const json& connection = value.at("connection");
  status.connection.broker = connection.at("broker");
  status.connection.is_subscribed = connection.at("is_subscribed");
  status.connection.since = to_time(connection.at("since"));
  status.connection.filters = connection.at("filters").get<std::vector<std::string>>();
  status.connection.last_failure = connection.at("last_failure");
  status.connection.failures = connection.at("failures");
  status.connection.session_expiry = seconds{connection.value("session_expiry", std::int64_t{0})};
  const json& totals = value.at("account");
  status.totals = {totals.at("received"),
                   totals.at("replayed"),
                   totals.at("written"),
                   totals.at("redelivered"),
                   totals.at("too_large"),
                   totals.at("excluded"),
                   totals.value("lost", std::uint64_t{0})};
  status.connects = value.at("connects");
  status.written_bytes = value.at("written_bytes");
  status.write_errors = value.at("write_errors");
  status.received_per_second = value.at("received_per_second");
  status.written_per_second = value.at("written_per_second");
  status.journal_pending_bytes = value.at("journal_pending_bytes");
  status.journal_bytes = value.at("journal_bytes");
  status.last_message = to_time(value.at("last_message"));
  for (const json& entry : value.at("exports"))
    status.exports.push_back({entry.at("path"), entry.at("size_bytes")});
  for (const json& disk : value.value("disks", json::array()))
    status.disks.push_back({disk.at("path"), disk.at("free_bytes"), disk.at("is_low")});
  for (const json& filter : value.at("filters"))
    status.filters.push_back(
        {filter.at("filter"), seconds{filter.at("silent_for").get<std::int64_t>()}, filter.at("is_stale")});
  if (const json& fault = value.at("last_fault"); !fault.is_null())
    status.last_fault = LoggedLine{to_time(fault.at("time")).value(), fault.at("text")};
  return status;
}

}  // namespace

std::string write_status(const Status& status) {
  const ConnectionStatus& connection = status.connection;
  json exports = json::array();
  for (const ExportStatus& entry : status.exports)
    exports.push_back({{"path", entry.path}, {"size_bytes", entry.size_bytes}});
  json disks = json::array();
  for (const DiskStatus& disk : status.disks)
    disks.push_back({{"path", disk.path}, {"free_bytes", disk.free_bytes}, {"is_low", disk.is_low}});
  json filters = json::array();
  for (const FilterStatus& filter : status.filters)
    filters.push_back({{"filter", filter.filter},
                       {"silent_for", filter.silent_for.count()},
                       {"is_stale", filter.is_stale}});
  json fault = nullptr;
  if (status.last_fault)
    fault = {{"time", to_json(status.last_fault->time)}, {"text", status.last_fault->text}};
  const json value{
      {"version", kVersion},
      {"time", to_json(status.time)},
      {"started", to_json(status.started)},
      {"process_id", status.process_id},
      {"client_id", status.client_id},
      {"connection",
       {{"broker", connection.broker},
        {"is_subscribed", connection.is_subscribed},
        {"since", to_json(connection.since)},
        {"filters", connection.filters},
        {"last_failure", connection.last_failure},
        {"failures", connection.failures},
        {"session_expiry", connection.session_expiry.count()}}},
      {"account",
       {{"received", status.totals.received},
        {"replayed", status.totals.replayed},
        {"written", status.totals.written},
        {"redelivered", status.totals.redelivered},
        {"too_large", status.totals.too_large},
        {"excluded", status.totals.excluded},
        {"lost", status.totals.lost}}},
      {"connects", status.connects},
      {"written_bytes", status.written_bytes},
      {"write_errors", status.write_errors},
      {"received_per_second", status.received_per_second},
      {"written_per_second", status.written_per_second},
      {"journal_pending_bytes", status.journal_pending_bytes},
      {"journal_bytes", status.journal_bytes},
      {"last_message", to_json(status.last_message)},
      {"exports", exports},
      {"disks", disks},
      {"filters", filters},
      {"last_fault", fault},
  };
  // What a broker or a path contains need not be UTF-8.
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return fmt::format("{:016x}\n{}\n", checksum(text), text);
}

std::optional<Status> read_status(std::string_view text) {
  const std::size_t begin = text.find('\n');
  const std::size_t end = begin == std::string_view::npos ? begin : text.find('\n', begin + 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view body = text.substr(begin + 1, end - begin - 1);
  if (text.substr(0, begin) != fmt::format("{:016x}", checksum(body))) return std::nullopt;
  try {
    const json value = json::parse(body);
    if (value.at("version") != kVersion) return std::nullopt;
    return to_status(value);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string describe(const Status& status, ReceiveTime now) {
  std::string text;
  if (now - status.time > kOld) {
    text += fmt::format("THIS IS OLD: the logger has not renewed it for {}; it may hang\n",
                        show_age(status.time, now));
  }
  text += fmt::format("running        as process {} since {} ({}), client {}\n", status.process_id,
                      show(status.started), show_age(status.started, now), escaped(status.client_id));
  text += describe_connection(status.connection, now);
  text += fmt::format("messages       {}\n", to_string(status.totals));
  text += fmt::format("rates          {:.1f} received, {:.1f} written a second, over the last minute\n",
                      status.received_per_second, status.written_per_second);
  text += fmt::format("last message   {}\n",
                      status.last_message
                          ? show(*status.last_message) + " (" + show_age(*status.last_message, now) + " ago)"
                          : "none yet");
  text += fmt::format("journal        {} of {} bytes pending\n", status.journal_pending_bytes,
                      status.journal_bytes);
  for (const ExportStatus& entry : status.exports)
    text += fmt::format("export         {} with {} bytes\n", escaped(entry.path), entry.size_bytes);
  for (const DiskStatus& disk : status.disks)
    text += fmt::format("disk           {} bytes free for {}{}\n", disk.free_bytes, escaped(disk.path),
                        disk.is_low ? ": less than --min-free" : "");
  text +=
      fmt::format("connections    {} made, {} failed or lost\n", status.connects, status.connection.failures);
  if (status.write_errors != 0) text += fmt::format("write errors   {}\n", status.write_errors);
  for (const FilterStatus& filter : status.filters) {
    if (filter.is_stale)
      text += fmt::format("silent         {} for {} s\n", escaped(filter.filter), filter.silent_for.count());
  }
  if (status.last_fault) {
    text += fmt::format("last fault     {} {}\n", show(status.last_fault->time),
                        escaped(status.last_fault->text));
  }
  return text;
}

}  // namespace mqtt_logger
