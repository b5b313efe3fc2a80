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

TEST_CASE(
    "A mapped file whose name is gone goes on in a new one, at the same address and with the same bytes") {
  TemporaryFolder folder;
  const auto path = folder / "below/a";
  std::filesystem::create_directory(folder / "below");
  constexpr std::size_t kSize = 100'000;
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(path, kSize, mapped));
  std::byte* const address = mapped->bytes().data();
  mapped->bytes()[4711] = std::byte{7};
  bool is_in_place = false;
  REQUIRE_FALSE(mapped->check_place(is_in_place));
  CHECK(is_in_place);
  SECTION("deleted") {
    std::filesystem::remove(path);
  }
  SECTION("moved away") {
    std::filesystem::rename(path, folder / "b");
  }
  SECTION("deleted with its folder") {
    std::filesystem::remove_all(folder / "below");
  }
  REQUIRE_FALSE(mapped->check_place(is_in_place));
  CHECK_FALSE(is_in_place);
  REQUIRE_FALSE(mapped->move_to_new_file());
  REQUIRE_FALSE(mapped->check_place(is_in_place));
  CHECK(is_in_place);
  CHECK(mapped->bytes().data() == address);
  CHECK(mapped->bytes()[4711] == std::byte{7});
  mapped->bytes()[4712] = std::byte{8};
  CHECK(std::distance(std::filesystem::directory_iterator{folder / "below"}, {}) == 1);
  std::unique_ptr<MappedFile> second;
  CHECK(map_file(path, kSize, second) == std::errc::resource_unavailable_try_again);
  mapped.reset();
  REQUIRE_FALSE(map_file(path, kSize, second));
  CHECK(second->bytes()[4711] == std::byte{7});
  CHECK(second->bytes()[4712] == std::byte{8});
}

TEST_CASE("A mapped file does not go on in the place of another file") {
  TemporaryFolder folder;
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(folder / "a", 100'000, mapped));
  std::filesystem::remove(folder / "a");
  write_file(folder / "a", "somebody's");
  bool is_in_place = true;
  REQUIRE_FALSE(mapped->check_place(is_in_place));
  CHECK_FALSE(is_in_place);
  CHECK(mapped->move_to_new_file() == std::errc::file_exists);
  CHECK(read_file(folder / "a") == "somebody's");
  std::filesystem::remove(folder / "a");
  CHECK_FALSE(mapped->move_to_new_file());
}
