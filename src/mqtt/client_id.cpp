#include "mqtt_logger/log/log.hpp"
#include "mqtt_logger/mqtt/subscriber.hpp"
#include "mqtt_logger/platform/crc32c.hpp"
#include "mqtt_logger/platform/process.hpp"

#include "subscriptions.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace mqtt_logger {
namespace {

constexpr std::string_view kPrefix = "mqtt-logger-";
constexpr std::size_t kHashLength = 9;  // with the hyphen before it

}  // namespace

std::string find_client_id(const Options& options) {
  if (!options.client_id.empty()) return options.client_id;
  std::error_code error;
  std::filesystem::path output =
      std::filesystem::weakly_canonical(std::filesystem::absolute(options.output, error), error);
  if (error) output = options.output;
  return fmt::format("{}{}-{:08x}", kPrefix, host_name(), crc32c(output.generic_string()));
}

std::string find_client_id(const Options& options, const Journal& journal) {
  std::string id = find_client_id(options);
  if (!options.client_id.empty()) return id;
  const std::string_view hash_of_output = std::string_view{id}.substr(id.size() - kHashLength);
  for (std::string& kept : client_ids_of(journal.subscriptions())) {
    if (!kept.starts_with(kPrefix) || !kept.ends_with(hash_of_output)) continue;
    if (kept != id) {
      log::info(
          "the host's name has changed; the client identifier stays '{}', for which the broker may keep "
          "messages (--client-id sets another)",
          kept);
    }
    return std::move(kept);
  }
  return id;
}

}  // namespace mqtt_logger
