#pragma once

#include "mqtt_logger/options/broker_uri.hpp"
#include "mqtt_logger/options/options.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_logger {

/// Options while they are collected: what can only be settled when all are known stands beside them.
struct OptionsDraft {
  Options options;
  std::vector<std::string> topics;    ///< replace the default if there are any
  std::vector<BrokerUri> brokers;     ///< the same
  std::optional<std::uint16_t> port;  ///< --port named it
};

/// What would be right, as the end of a sentence ("must be …"); nothing if all is well.
using OptionFault = std::optional<std::string>;

/// What an option has that most do not.
struct OptionTraits {
  bool is_repeatable = false;
  bool is_secret = false;      ///< its value is never shown
  bool takes_several = false;  ///< values may follow one another on the command line
  /// The option without which this one says nothing; empty: there is none.
  std::string_view belongs_to = {};
  std::optional<Action> action = {};  ///< the one that it asks for
  bool is_for_logging = false;        ///< and of no use to any other action
};

/// Everything about one option, in one place.
struct OptionDefinition {
  std::string_view group;         ///< heading in --help
  std::string_view name;          ///< without the dashes
  std::string_view placeholder;   ///< what stands for the value in --help; empty: a flag, true or false
  std::string_view default_text;  ///< a value that says the same as leaving the option out; empty: none does
  std::string_view help;
  std::function<OptionFault(OptionsDraft&, const std::string&)> apply;  ///< checks a value and sets it
  OptionTraits traits = {};
};

/// All options that stand for a value, in the order of --help. To add one, add its line.
[[nodiscard]] const std::vector<OptionDefinition>& option_definitions();

/// A path from UTF-8, on every system.
[[nodiscard]] std::filesystem::path to_path(const std::string& utf8);

}  // namespace mqtt_logger
