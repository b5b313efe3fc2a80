// Runs at build time: writes the manual page and the completions into a folder.

#include "mqtt_logger/options/documents.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

int main(int argc, char** argv) {
  using namespace mqtt_logger;
  if (argc != 4) {
    std::fputs("usage: write-documents FOLDER VERSION DATE\n", stderr);
    return 2;
  }
  const std::filesystem::path folder{argv[1]};
  const std::vector<std::pair<const char*, std::string>> documents{
      {"mqtt-logger.1", make_man_page(argv[2], argv[3])},
      {"mqtt-logger.bash", make_bash_completion()},
      {"_mqtt-logger", make_zsh_completion()},
      {"mqtt-logger.fish", make_fish_completion()},
  };
  for (const auto& [name, text] : documents) {
    std::ofstream file{folder / name, std::ios::binary};
    file << text << std::flush;
    if (!file) {
      std::fprintf(stderr, "write-documents: cannot write %s\n", name);
      return 1;
    }
  }
  return 0;
}
