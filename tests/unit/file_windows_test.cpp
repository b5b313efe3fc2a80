#include "mqtt_logger/platform/file.hpp"

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <windows.h>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

namespace {

/// Opens as another program may; whether it succeeds. The handle stays with the caller.
HANDLE open_as_other(const std::filesystem::path& path, DWORD access, DWORD shared) {
  return CreateFileW(path.c_str(), access, shared, nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
}

}  // namespace

TEST_CASE("A device is not opened as a file") {
  std::unique_ptr<File> file;
  CHECK(system_files().open("NUL", file) == std::errc::not_supported);
}

TEST_CASE("While we write a file others may read it, rename it and delete it") {
  const TemporaryFolder folder;
  std::unique_ptr<File> file;
  REQUIRE_FALSE(system_files().create(folder / "export", file));
  const HANDLE reader = open_as_other(folder / "export", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE);
  REQUIRE(reader != INVALID_HANDLE_VALUE);
  CHECK_FALSE(file->write_at(0, "record\n"));
  CHECK_FALSE(file->truncate(3));
  CloseHandle(reader);
  CHECK(MoveFileW((folder / "export").c_str(), (folder / "moved").c_str()) != 0);
  CHECK_FALSE(file->write_at(3, "ord\n"));
  CHECK(DeleteFileW((folder / "moved").c_str()) != 0);
  CHECK_FALSE(file->write_at(7, "more\n"));
}

TEST_CASE("A file that another program keeps for itself cannot be opened, and the error says so") {
  const TemporaryFolder folder;
  write_file(folder / "export", "record\n");
  const HANDLE other = open_as_other(folder / "export", GENERIC_READ, FILE_SHARE_READ);
  REQUIRE(other != INVALID_HANDLE_VALUE);
  std::unique_ptr<File> file;
  CHECK(system_files().open(folder / "export", file) == std::errc::resource_unavailable_try_again);
  CloseHandle(other);
  CHECK_FALSE(system_files().open(folder / "export", file));
}
