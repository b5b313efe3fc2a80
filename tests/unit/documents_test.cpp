#include "mqtt_logger/options/documents.hpp"

#include "mqtt_logger/base/error.hpp"

#include "options/command_line.hpp"
#include "options/option_table.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <string>

using namespace mqtt_logger;

TEST_CASE("Manual page and completions know every option") {
  for (const OptionDefinition& definition : option_definitions()) {
    const std::string name{definition.name};
    CAPTURE(name);
    std::string in_man_page;
    for (const char byte : name) in_man_page += byte == '-' ? std::string{"\\-"} : std::string{byte};
    CHECK(make_man_page("1.0", "2026-11-20").find("\\fB\\-\\-" + in_man_page + "\\fR") != std::string::npos);
    CHECK(make_bash_completion().find("--" + name) != std::string::npos);
    CHECK(make_zsh_completion().find("--" + name + "[") != std::string::npos);
    CHECK(make_fish_completion().find("-l " + name + " ") != std::string::npos);
  }
}

TEST_CASE("Completions know the values of options") {
  CHECK(make_bash_completion().find("--qos) COMPREPLY=($(compgen -W '0 1 2' ") != std::string::npos);
  CHECK(make_zsh_completion().find(":0|1|2:(0 1 2)") != std::string::npos);
  CHECK(make_fish_completion().find("-l config -r -F") != std::string::npos);
}

TEST_CASE("Help and manual page say what each exit code means") {
  const std::string page = make_man_page("1.0", "2026-11-20");
  std::string help = help_text();
  std::replace(help.begin(), help.end(), '\n', ' ');
  for (const ExitCodeMeaning& each : kExitCodes) {
    const std::string number = std::to_string(static_cast<int>(each.code));
    CHECK(page.find("\n.TP\n" + number + "\n") != std::string::npos);
    CHECK(help.find(number + ' ' + std::string{each.short_text}) != std::string::npos);
  }
}
