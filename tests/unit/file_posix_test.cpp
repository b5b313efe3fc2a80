#include "mqtt_logger/platform/file.hpp"

#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <sys/stat.h>

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
  CHECK(system_files().move_aside(folder / "a", folder / "b") == std::errc::file_exists);
  CHECK(read_file(folder / "b") == "b");
  REQUIRE_FALSE(system_files().move_aside(folder / "a", folder / "c"));
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
  // Opened for reading and writing, a pipe does not wait for another end.
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(system_files().open(folder / "pipe", file) == std::errc::not_supported);
}

TEST_CASE("A full device is an error") {
  std::unique_ptr<File> file;
  // /dev/full is no regular file, so it is refused before it could be written.
  CHECK(system_files().open("/dev/full", file) == std::errc::not_supported);
}
