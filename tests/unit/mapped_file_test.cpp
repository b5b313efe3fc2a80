#include "mqtt_logger/platform/mapped_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <cstring>
#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A mapped file is made whole, with zeros, and keeps what is stored in it") {
  TemporaryFolder folder;
  constexpr std::size_t kSize = 100'000;
  {
    std::unique_ptr<MappedFile> mapped;
    REQUIRE_FALSE(map_file(folder / "a", kSize, mapped));
    REQUIRE(mapped->bytes().size() == kSize);
    CHECK(std::ranges::all_of(mapped->bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
    std::memcpy(&mapped->bytes()[kSize - 3], "end", 3);
    CHECK_FALSE(mapped->sync(kSize - 3, 3));
    CHECK_FALSE(mapped->sync(0, kSize));
  }
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(folder / "a", 5, mapped));
  REQUIRE(mapped->bytes().size() == kSize);
  CHECK(std::memcmp(&mapped->bytes()[kSize - 3], "end", 3) == 0);
}

TEST_CASE("A mapped file belongs to one at a time") {
  TemporaryFolder folder;
  std::unique_ptr<MappedFile> first;
  std::unique_ptr<MappedFile> second;
  REQUIRE_FALSE(map_file(folder / "a", 4096, first));
  CHECK(map_file(folder / "a", 4096, second) == std::errc::resource_unavailable_try_again);
  CHECK(std::filesystem::exists(folder / "a"));
  first.reset();
  CHECK_FALSE(map_file(folder / "a", 4096, second));
}

TEST_CASE("A mapped file that cannot be made leaves nothing behind") {
  TemporaryFolder folder;
  std::unique_ptr<MappedFile> mapped;
  CHECK(map_file(folder / "missing/a", 4096, mapped));
  CHECK(map_file(folder / "a", std::size_t{1} << 60, mapped));
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
}

TEST_CASE("Plain memory serves in place of a file") {
  const auto mapped = map_memory(10'000);
  REQUIRE(mapped->bytes().size() == 10'000);
  mapped->bytes()[9'999] = std::byte{1};
  CHECK_FALSE(mapped->sync(0, 10'000));
}
