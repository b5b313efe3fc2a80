#pragma once

#include "mqtt_logger/options/option_values.hpp"

#include "option_table.hpp"

#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mqtt_logger {

// The kinds of values that several options have: each makes the function that checks a value and sets it.

using Apply = std::function<OptionFault(OptionsDraft&, const std::string&)>;

template <typename Value>
struct Choice {
  std::string_view name;
  Value value;
};

/// One of several names; the fault lists them: "must be 0, 1 or 2".
template <typename Value>
Apply choice(Value Options::*member, std::vector<Choice<Value>> choices) {
  return [member, choices = std::move(choices)](OptionsDraft& draft, const std::string& text) -> OptionFault {
    std::string names;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (text == choices[i].name) {
        draft.options.*member = choices[i].value;
        return std::nullopt;
      }
      if (i > 0) names += i + 1 < choices.size() ? ", " : " or ";
      names += choices[i].name;
    }
    return "must be " + names;
  };
}

/// For a flag that says nothing but its action.
inline Apply ask() {
  return [](OptionsDraft&, const std::string& text) -> OptionFault {
    if (text == "true" || text == "false") return std::nullopt;
    return "must be true or false";
  };
}

inline Apply flag(bool Options::*member) {
  return [member](OptionsDraft& draft, const std::string& text) -> OptionFault {
    if (auto fault = ask()(draft, text)) return fault;
    draft.options.*member = text == "true";
    return std::nullopt;
  };
}

template <typename Number>
Apply whole_number(Number Options::*member, Number minimum, Number maximum) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    const auto number = parse_number(text);
    if (!number || *number < minimum || *number > maximum) {
      return fmt::format("must be a whole number from {} to {}", minimum, maximum);
    }
    draft.options.*member = static_cast<Number>(*number);
    return std::nullopt;
  };
}

/// A duration in whole units of the member's type.
template <typename Duration>
Apply duration(Duration Options::*member, Duration maximum, std::string_view right,
               Duration minimum = Duration::zero()) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    const auto parsed = parse_duration(text);
    if (!parsed || *parsed > maximum || *parsed < minimum ||
        *parsed % Duration{1} != std::chrono::milliseconds::zero())
      return std::string{right};
    draft.options.*member = std::chrono::duration_cast<Duration>(*parsed);
    return std::nullopt;
  };
}

inline Apply size(std::uint64_t Options::*member, std::uint64_t minimum, std::uint64_t maximum,
                  std::string_view right) {
  return [=](OptionsDraft& draft, const std::string& text) -> OptionFault {
    const auto bytes = parse_size(text);
    if (!bytes || *bytes < minimum || *bytes > maximum) return std::string{right};
    draft.options.*member = *bytes;
    return std::nullopt;
  };
}

inline Apply size_or_zero(std::uint64_t Options::*member, std::uint64_t minimum, std::uint64_t maximum,
                          std::string_view right) {
  return [=, apply = size(member, minimum, maximum, right)](OptionsDraft& draft,
                                                            const std::string& text) -> OptionFault {
    if (parse_size(text) != std::uint64_t{0}) return apply(draft, text);
    draft.options.*member = 0;
    return std::nullopt;
  };
}

// What several options are, beside their values.

inline constexpr OptionTraits kRepeatable{.is_repeatable = true};
inline constexpr OptionTraits kSecret{.is_secret = true};
inline constexpr OptionTraits kRepeatableSecret{.is_repeatable = true, .is_secret = true};
inline constexpr OptionTraits kForLogging{.is_for_logging = true};

constexpr OptionTraits part_of(std::string_view option) noexcept {
  return {.belongs_to = option};
}

constexpr OptionTraits repeatable_part_of(std::string_view option) noexcept {
  return {.is_repeatable = true, .belongs_to = option};
}

constexpr OptionTraits asks_for(Action action) noexcept {
  return {.action = action};
}

constexpr OptionTraits acts_on_several(Action action) noexcept {
  return {.is_repeatable = true, .takes_several = true, .action = action};
}

}  // namespace mqtt_logger
