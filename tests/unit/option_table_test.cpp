#include "options/option_table.hpp"

#include "support/catch.hpp"

#include <set>

using namespace mqtt_logger;

TEST_CASE("Option defaults in the help are those of the program") {
  for (const OptionDefinition& definition : option_definitions()) {
    if (definition.default_text.empty()) continue;
    CAPTURE(definition.name);
    OptionsDraft draft;
    CHECK(definition.apply(draft, std::string{definition.default_text}) == std::nullopt);
    if (!draft.topics.empty()) draft.options.topics = draft.topics;
    CHECK(draft.port.value_or(1883) == 1883);
    CHECK(draft.options == Options{});
  }
}

TEST_CASE("Option names are unique and can be environment variables") {
  std::set<std::string_view> names;
  for (const OptionDefinition& definition : option_definitions()) {
    CAPTURE(definition.name);
    CHECK(names.insert(definition.name).second);
    CHECK(definition.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
  }
  CHECK(names.count("topic") == 1);
}

TEST_CASE("Options of one group stand together") {
  std::set<std::string_view> finished;
  std::string_view group;
  for (const OptionDefinition& definition : option_definitions()) {
    CAPTURE(definition.name);
    if (definition.group != group) CHECK(finished.insert(group = definition.group).second);
  }
}
