#include "mqtt_logger/platform/mapped_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <sys/stat.h>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A mapped file has all its space from the start, and is not for everybody") {
  TemporaryFolder folder;
  constexpr std::size_t kSize = 100'000;
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(folder / "a", kSize, mapped));
  struct stat status {};
  REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  CHECK(static_cast<std::size_t>(status.st_blocks) * 512 >= kSize);
  CHECK((status.st_mode & 0007) == 0);
}
