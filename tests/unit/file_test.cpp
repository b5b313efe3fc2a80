#include "mqtt_logger/platform/file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <array>
#include <string>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A file is created once, written, read, cut and found again") {
  TemporaryFolder folder;
  std::unique_ptr<File> file;
  CHECK(system_files().open(folder / "a", file) == std::errc::no_such_file_or_directory);
  REQUIRE_FALSE(system_files().create(folder / "a", file));
  std::unique_ptr<File> second;
  CHECK(system_files().create(folder / "a", second) == std::errc::file_exists);

  REQUIRE_FALSE(file->write_at(0, "0123456789"));
  REQUIRE_FALSE(file->write_at(8, "abc"));
  REQUIRE_FALSE(file->sync());
  CHECK(read_file(folder / "a") == "01234567abc");
  std::array<char, 8> buffer{};
  std::size_t count = 0;
  REQUIRE_FALSE(file->read_at(7, buffer, count));
  CHECK(std::string(buffer.data(), count) == "7abc");
  REQUIRE_FALSE(file->truncate(3));
  std::uint64_t size = 0;
  REQUIRE_FALSE(file->size(size));
  CHECK(size == 3);

  REQUIRE_FALSE(system_files().open(folder / "a", second));
  FileIdentity identity;
  FileIdentity same;
  REQUIRE_FALSE(file->identity(identity));
  REQUIRE_FALSE(second->identity(same));
  CHECK(identity == same);
  REQUIRE_FALSE(system_files().create(folder / "b", second));
  REQUIRE_FALSE(second->identity(same));
  CHECK(identity != same);
}

TEST_CASE("Moving aside never replaces a file") {
  TemporaryFolder folder;
  write_file(folder / "a", "a");
  write_file(folder / "b", "b");
  CHECK(system_files().set_aside(folder / "a", folder / "b") == std::errc::file_exists);
  CHECK(read_file(folder / "b") == "b");
  REQUIRE_FALSE(system_files().set_aside(folder / "a", folder / "c"));
  CHECK(read_file(folder / "c") == "a");
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
}

TEST_CASE("Folders are made and synced; what is no file cannot be opened as one") {
  TemporaryFolder folder;
  REQUIRE_FALSE(system_files().create_folders(folder / "x/y"));
  REQUIRE_FALSE(system_files().create_folders(folder / "x/y"));
  CHECK_FALSE(system_files().sync_folder(folder / "x/y"));
  CHECK(system_files().sync_folder(folder / "missing"));
  std::unique_ptr<File> file;
  CHECK(system_files().open(folder / "x", file));
}

TEST_CASE("A file can be read, and moved, by others while it is open") {
  TemporaryFolder folder;
  std::unique_ptr<File> file;
  REQUIRE_FALSE(system_files().create(folder / "a", file));
  REQUIRE_FALSE(file->write_at(0, "abc"));
  std::ifstream reader{folder / "a", std::ios::binary};
  REQUIRE(reader.get() == 'a');
  REQUIRE_FALSE(file->write_at(1, "BCD"));
  REQUIRE_FALSE(file->truncate(3));
  reader.close();
  REQUIRE_FALSE(system_files().set_aside(folder / "a", folder / "b"));
  REQUIRE_FALSE(file->write_at(3, "E"));
  CHECK(read_file(folder / "b") == "aBCE");
}

TEST_CASE("Files have names in any language, and errors say in words what is wrong") {
  TemporaryFolder folder;
  const std::filesystem::path name = folder.path() / std::filesystem::path{u8"Küche 厨房 🌡"};
  std::unique_ptr<File> file;
  const std::error_code missing = system_files().open(name, file);
  CHECK(missing.message().find(' ') != std::string::npos);
  REQUIRE_FALSE(system_files().create(name, file));
  CHECK(std::filesystem::exists(name));
  CHECK(name.filename().string() ==
        "K\xC3\xBC"
        "che \xE5\x8E\xA8\xE6\x88\xBF \xF0\x9F\x8C\xA1");
}
