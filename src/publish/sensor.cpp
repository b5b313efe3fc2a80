#include "sensor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace mqtt_logger {
namespace {

struct Room {
  std::string_view name;
  bool is_outdoors;
};
constexpr std::array kRooms{Room{"kitchen", false}, Room{"bathroom", false}, Room{"garden", true},
                            Room{"hallway", false}, Room{"attic", false},    Room{"garage", false},
                            Room{"bedroom", false}, Room{"balcony", true}};

struct Kind {
  std::string_view name;
  SensorKind kind;
};
constexpr std::array kKinds{Kind{"temperature", SensorKind::temperature},
                            Kind{"humidity", SensorKind::humidity},
                            Kind{"light", SensorKind::light},
                            Kind{"motion", SensorKind::motion},
                            Kind{"pressure", SensorKind::pressure},
                            Kind{"battery", SensorKind::battery}};

bool is_wildcard(std::string_view level) {
  return level == "+" || level == "#";
}

std::vector<std::string_view> split_levels(std::string_view filter) {
  std::vector<std::string_view> levels;
  for (std::size_t slash; (slash = filter.find('/')) != std::string_view::npos;
       filter.remove_prefix(slash + 1))
    levels.push_back(filter.substr(0, slash));
  levels.push_back(filter);
  return levels;
}

bool has_wildcard(std::string_view filter) {
  const auto levels = split_levels(filter);
  return std::any_of(levels.begin(), levels.end(), is_wildcard);
}

std::string join(const std::vector<std::string>& words, char separator) {
  std::string joined = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) (joined += separator) += words[i];
  return joined;
}

/// The filters as topics see them (without `$share/group/`) that a client may publish to.
std::vector<std::string_view> find_publishable(const std::vector<std::string>& topic_filters) {
  std::vector<std::string_view> publishable;
  for (std::string_view filter : topic_filters) {
    if (filter.starts_with("$share/")) {
      const auto slash = filter.find('/', std::string_view{"$share/"}.size());
      filter.remove_prefix(std::min(slash, filter.size() - 1) + 1);
    }
    if (!filter.empty() && !filter.starts_with('$')) publishable.push_back(filter);
  }
  return publishable;
}

/// The entry of `table` that one of `levels` names.
template <typename Table>
std::optional<std::size_t> find_named(const std::vector<std::string_view>& levels, const Table& table) {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (std::find(levels.begin(), levels.end(), table[i].name) != levels.end()) return i;
  return std::nullopt;
}

/// Puts `words` in place of the wildcards: one each, and all that are left in place of the last.
std::string fill_wildcards(const std::vector<std::string_view>& levels, std::vector<std::string> words) {
  auto wildcards = static_cast<std::size_t>(std::count_if(levels.begin(), levels.end(), is_wildcard));
  const bool is_open = is_wildcard(levels.front()) && levels.back() == "#";  // `#` is to mean `sensors/#`
  if (is_open && words.size() >= wildcards) words.insert(words.begin(), "sensors");
  while (words.size() < wildcards) words.insert(words.begin(), "sensors");

  std::vector<std::string> filled;
  for (const auto level : levels) {
    if (!is_wildcard(level)) {
      filled.emplace_back(level);
    } else if (wildcards-- > 1) {
      filled.push_back(words.front());
      words.erase(words.begin());
    } else {
      filled.push_back(join(words, level == "#" ? '/' : '-'));
    }
  }
  return join(filled, '/');
}

/// The sensors differ in room and kind, unless the filter names one; when all are used, they are numbered.
Sensor make_sensor(std::string_view filter, unsigned number) {
  const auto levels = split_levels(filter);
  const auto named_room = find_named(levels, kRooms);
  const auto named_kind = find_named(levels, kKinds);
  const std::size_t rooms = named_room ? 1 : kRooms.size();
  const std::size_t kinds = named_kind ? 1 : kKinds.size();

  const std::size_t row = number / kinds;
  const std::size_t column = number % kinds;
  const Kind& kind = kKinds[named_kind.value_or(column)];
  // A step aside with each row and column, so that the first few sensors stand in different rooms.
  const Room& room = kRooms[named_room.value_or((row + column) % rooms)];

  std::vector<std::string> words;
  if (!named_room) words.emplace_back(room.name);
  if (!named_kind) words.emplace_back(kind.name);
  if (words.empty()) words.emplace_back("sensor");
  if (row >= rooms) words.front() += "-" + std::to_string(row / rooms + 1);

  return {.topic = fill_wildcards(levels, std::move(words)),
          .kind = kind.kind,
          .is_outdoors = room.is_outdoors,
          .number = number};
}

}  // namespace

std::vector<Sensor> make_sensors(const std::vector<std::string>& topic_filters, unsigned count) {
  auto filters = find_publishable(topic_filters);
  if (filters.empty()) filters.emplace_back("sensors/#");

  std::vector<Sensor> sensors;
  if (const auto filter = std::find_if(filters.begin(), filters.end(), has_wildcard);
      filter != filters.end()) {
    for (unsigned i = 0; i < count; ++i) sensors.push_back(make_sensor(*filter, i));
  } else {
    for (unsigned i = 0; i < count && i < filters.size(); ++i) sensors.push_back(make_sensor(filters[i], i));
  }
  return sensors;
}

}  // namespace mqtt_logger
