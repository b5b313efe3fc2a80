#pragma once

#include <cstddef>
#include <cstdint>

namespace mqtt_logger {

/// Lets a thread wait where a store to a mapped file, or a read, would end the process by SIGBUS: the disk
/// has no room for the page (copy-on-write, a hole), cannot read it, or somebody has cut the file, which then
/// gets its size again. The thread tries again a few times a second, for as long as it takes; disk_faults()
/// tells of it. Other SIGBUS go to whoever handled them before.
///
/// Threads: made, changed and destroyed by the owner of the mapping, while nobody uses that.
class MappingWatch {
 public:
  MappingWatch(const void* address, std::size_t size, int descriptor) noexcept;
  ~MappingWatch();
  MappingWatch(const MappingWatch&) = delete;
  MappingWatch& operator=(const MappingWatch&) = delete;

  /// Another file is mapped there now.
  void follow(int descriptor) noexcept;

  /// How much of the file, from its begin, was never cut, as far as was seen.
  [[nodiscard]] std::size_t whole_bytes() const noexcept;
  /// The file had this size.
  void note_size(std::size_t size) noexcept;
  /// It has its full size and is about to be filled again.
  void forget_cuts() noexcept;
  /// How the file begins: a file that was cut to nothing gets that again at once, so that it is known for
  /// what it is if the process ends before the rest.
  void remember_begin(std::uint64_t begin) noexcept;

 private:
  struct WatchedRange* slot_;  // nothing if there are too many
};

}  // namespace mqtt_logger
