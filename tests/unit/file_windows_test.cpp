#include "mqtt_logger/platform/file.hpp"

#include <catch2/catch.hpp>

using namespace mqtt_logger;

TEST_CASE("A device is not opened as a file") {
  std::unique_ptr<File> file;
  CHECK(system_files().open("NUL", file) == std::errc::not_supported);
}
