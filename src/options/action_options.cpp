#include "action_options.hpp"

#include "mqtt_logger/base/timestamp.hpp"
#include "mqtt_logger/base/topic_filter.hpp"
#include "mqtt_logger/base/utf8.hpp"

#include "option_kinds.hpp"

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <system_error>

namespace mqtt_logger {
namespace {

Apply add_path(std::vector<std::filesystem::path> Options::*member) {
  return [member](OptionsDraft& draft, const std::string& text) -> OptionFault {
    if (text.empty() || text.find('\0') != std::string::npos) return "must name a file";
    (draft.options.*member).push_back(to_path(text));
    return std::nullopt;
  };
}

/// A point in time in UTC, from the day down to where the user stops: 2026-11-20, 2026-11-20T15:36.
Apply time(std::optional<ReceiveTime> Options::*member) {
  return [member](OptionsDraft& draft, const std::string& text) -> OptionFault {
    constexpr std::string_view kBeginning = "0000-00-00T00:00:00.000000Z";
    std::string whole = text.ends_with('Z') ? text.substr(0, text.size() - 1) : text;
    const std::size_t given = whole.size();
    const bool is_cut_between_units = given == 10 || given == 16 || given == 19 || (given > 20 && given < 27);
    if (given < kBeginning.size()) whole += kBeginning.substr(given);
    draft.options.*member = is_cut_between_units ? parse_timestamp(whole) : std::nullopt;
    if (draft.options.*member) return std::nullopt;
    return "must be a time in UTC, such as 2026-11-20, 2026-11-20T15:36 or 2026-11-20T15:36:01.5Z";
  };
}

OptionFault apply_speed(OptionsDraft& draft, const std::string& text) {
  constexpr double kMaximum = 1e6;
  double speed = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), speed, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(speed >= 0 && speed <= kMaximum) ||
      std::signbit(speed))
    return "must be a number from 0 to 1000000, such as 0 (as fast as the broker takes it), 0.5 or 10";
  draft.options.speed = speed;
  return std::nullopt;
}

OptionFault apply_topic_prefix(OptionsDraft& draft, const std::string& text) {
  if (text.empty() || text.size() > 60'000 || !is_valid_utf8(text) ||
      text.find_first_of(std::string_view{"+#\0", 3}) != std::string::npos)
    return "must be the beginning of a topic, without + and #, such as replayed/";
  draft.options.topic_prefix = text;
  return std::nullopt;
}

OptionFault add_replay_filter(OptionsDraft& draft, const std::string& text) {
  if (auto fault = find_topic_filter_fault(text)) return fault;
  draft.options.replay_filter.push_back(text);
  return std::nullopt;
}

OptionFault apply_sequence(OptionsDraft& draft, const std::string& text) {
  if (text == "plain")
    draft.options.sequence = JsonPointer{};
  else if (text.starts_with('/'))
    draft.options.sequence = JsonPointer::parse(text);
  if (draft.options.sequence) return std::nullopt;
  return "must be plain (the payload is the number) or a JSON pointer, such as /seq";
}

}  // namespace

std::vector<OptionDefinition> action_definitions() {
  constexpr std::string_view kGroup = "Actions on recordings";
  return {
      {kGroup, "verify", "PATH", "",
       "Check exports (files, or the base path of --output), say what is in them, and exit: 0 whole, 1 "
       "faults.",
       add_path(&Options::verify), acts_on_several(Action::verify)},
      {kGroup, "by-topic", "", "", "With --verify: the same for each topic as well.",
       flag(&Options::by_topic), part_of("verify")},
      {kGroup, "duplicates", "", "",
       "With --verify: count the records that equal the one before on their topic, as some brokers deliver a "
       "message twice under different identifiers.",
       flag(&Options::duplicates), part_of("verify")},
      {kGroup, "sequence", "POINTER|plain", "",
       "With --verify: payloads carry a number, at this JSON pointer (/seq) or alone; find gaps, doubles and "
       "disorder in each topic.",
       apply_sequence, part_of("verify")},
      {kGroup, "replay", "FILE", "",
       "Publish recordings (exports, or base paths of exports) to the broker, and exit.",
       add_path(&Options::replay), acts_on_several(Action::replay)},
      {kGroup, "topic-prefix", "TEXT", "", "With --replay: put this before each topic, such as replayed/.",
       apply_topic_prefix, part_of("replay")},
      {kGroup, "speed", "FACTOR", "1",
       "With --replay: how much faster than recorded. 0 = as fast as the broker takes it.", apply_speed,
       part_of("replay")},
      {kGroup, "loop", "", "", "With --replay: begin again at the end, until stopped.", flag(&Options::loop),
       part_of("replay")},
      {kGroup, "from", "TIME", "",
       "With --replay: begin at this time of the recording (UTC), such as 2026-11-20T15:36.",
       time(&Options::from), part_of("replay")},
      {kGroup, "to", "TIME", "", "With --replay: end before this time of the recording.", time(&Options::to),
       part_of("replay")},
      {kGroup, "filter", "FILTER", "", "With --replay: only topics that match; can be repeated.",
       add_replay_filter, repeatable_part_of("replay")},
  };
}

}  // namespace mqtt_logger
