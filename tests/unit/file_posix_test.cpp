#include "mqtt_logger/platform/file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <sys/stat.h>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A pipe or a device is not opened as a file") {
  TemporaryFolder folder;
  std::unique_ptr<File> file;
  // Opened for reading and writing, a pipe does not wait for another end.
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(system_files().open(folder / "pipe", file) == std::errc::not_supported);
  CHECK(system_files().open("/dev/full", file) == std::errc::not_supported);
}
