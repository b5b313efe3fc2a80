#include "mqtt_logger/platform/folder_sync.hpp"

#include "support/catch.hpp"
#include "support/memory_files.hpp"
#include "support/temporary_folder.hpp"

#include <memory>

using namespace mqtt_logger;
using namespace mqtt_logger::test;

TEST_CASE("A folder whose sync has failed is changed before the next one") {
  MemoryFiles files;
  FolderSync sync;
  std::unique_ptr<File> file;
  REQUIRE_FALSE(files.create("folder/a", file));
  REQUIRE_FALSE(file->write_at(0, "text"));
  REQUIRE_FALSE(file->sync());
  files.fail_syncs(2, std::errc::io_error);
  CHECK(sync.sync(files, "folder"));
  CHECK(sync.sync(files, "folder"));
  CHECK_FALSE(sync.sync(files, "folder"));
  CHECK(files.on_device("folder/a") == "text");
  CHECK(files.names().size() == 1);
}

TEST_CASE("A folder that cannot be changed is not synced") {
  MemoryFiles files;
  FolderSync sync{true};
  files.fail(0, 1, std::errc::no_space_on_device);
  CHECK(sync.sync(files, "folder") == std::errc::no_space_on_device);
  CHECK_FALSE(sync.sync(files, "folder"));
}

TEST_CASE("A folder of the machine is synced, and changed without a trace") {
  const TemporaryFolder folder;
  FolderSync sync{true};
  CHECK_FALSE(sync.sync(system_files(), folder.path()));
  std::vector<std::filesystem::path> names;
  REQUIRE_FALSE(system_files().list(folder.path(), names));
  CHECK(names.empty());
}
