#include "mqtt_logger/platform/mapped_file.hpp"

#include "support/catch.hpp"
#include "support/forked_child.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

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
  std::filesystem::path kept_as;
  REQUIRE_FALSE(mapped->move_to_new_file(kept_as));
  CHECK(kept_as.empty());
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

TEST_CASE(
    "A mapped file that somebody cuts gets its size again when it is used, and tells where it was cut") {
  TemporaryFolder folder;
  constexpr std::size_t kSize = 100'000;
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(folder / "a", kSize, mapped));
  std::fill(mapped->bytes().begin(), mapped->bytes().end(), std::byte{7});
  std::size_t whole = 0;
  REQUIRE_FALSE(mapped->find_cut(whole));
  CHECK(whole == kSize);
  const auto cut = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{50'000});
  std::filesystem::resize_file(folder / "a", cut);
  SECTION("Before it is used") {
    REQUIRE_FALSE(mapped->find_cut(whole));
    CHECK(whole == cut);
  }
  SECTION("By a store") {
    mapped->bytes()[kSize - 1] = std::byte{8};
    CHECK(std::filesystem::file_size(folder / "a") == kSize);
    CHECK(mapped->bytes()[kSize - 1] == std::byte{8});
  }
  SECTION("By a read") {
    CHECK(mapped->bytes()[kSize - 1] == std::byte{0});
  }
  REQUIRE_FALSE(mapped->find_cut(whole));
  CHECK(whole == cut);
  REQUIRE_FALSE(mapped->repair());
  REQUIRE_FALSE(mapped->find_cut(whole));
  CHECK(whole == kSize);
  CHECK(std::filesystem::file_size(folder / "a") == kSize);
  struct stat status {};
  REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  CHECK(static_cast<std::size_t>(status.st_blocks) * 512 >= kSize);
  if (cut > 8) CHECK(mapped->bytes()[cut - 1] == std::byte{7});
}

TEST_CASE("A file that was cut to nothing begins as before, so that it is known for what it is") {
  TemporaryFolder folder;
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(folder / "a", 100'000, mapped));
  std::fill(mapped->bytes().begin(), mapped->bytes().end(), std::byte{7});
  std::size_t whole = 0;
  REQUIRE_FALSE(mapped->find_cut(whole));
  std::filesystem::resize_file(folder / "a", 0);
  mapped->bytes()[50'000] = std::byte{8};
  CHECK(read_file(folder / "a").substr(0, 9) == std::string(8, '\7') + '\0');
}

TEST_CASE("A bus error of another mapping goes to whoever handled it before") {
  TemporaryFolder folder;
  write_file(folder / "b", std::string(100, 'x'));
  const auto store_beyond_the_end = [&folder] {
    std::unique_ptr<MappedFile> mapped;
    if (map_file(folder / "a", 100'000, mapped)) return false;
    const int file = ::open((folder / "b").c_str(), O_RDWR | O_CLOEXEC);
    void* const address = ::mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    static_cast<volatile char*>(address)[5000] = 'x';
    return true;
  };
  CHECK(run_in_child(store_beyond_the_end) == -SIGBUS);
  CHECK(run_in_child([&store_beyond_the_end] {
          ::signal(SIGBUS, [](int) { ::_exit(17); });
          return store_beyond_the_end();
        }) == 17);
}

TEST_CASE("Holes of a file get their space, and what has its space is not asked for again") {
  TemporaryFolder folder;
  constexpr std::size_t kSize = 1'000'000;
  write_file(folder / "a", std::string(1000, 'x'));
  std::filesystem::resize_file(folder / "a", kSize);
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(folder / "a", kSize, mapped));
  struct stat status {};
  REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  CHECK(static_cast<std::size_t>(status.st_blocks) * 512 >= kSize);
  CHECK(mapped->bytes()[999] == std::byte{'x'});
  CHECK(mapped->bytes()[1000] == std::byte{0});
}

TEST_CASE("A mapped file goes on in the place of another file, which is kept") {
  TemporaryFolder folder;
  std::unique_ptr<MappedFile> mapped;
  REQUIRE_FALSE(map_file(folder / "a", 100'000, mapped));
  std::filesystem::remove(folder / "a");
  write_file(folder / "a", "somebody's");
  bool is_in_place = true;
  REQUIRE_FALSE(mapped->check_place(is_in_place));
  CHECK_FALSE(is_in_place);
  std::filesystem::path kept_as;
  CHECK_FALSE(mapped->move_to_new_file(kept_as));
  CHECK(read_file(kept_as) == "somebody's");
  REQUIRE_FALSE(mapped->check_place(is_in_place));
  CHECK(is_in_place);
  std::filesystem::remove(folder / "a");
  std::filesystem::create_directory(folder / "a");
  CHECK(mapped->move_to_new_file(kept_as) == std::errc::file_exists);
}
