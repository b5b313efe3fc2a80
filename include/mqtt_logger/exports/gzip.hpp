#pragma once

#include "mqtt_logger/platform/file.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <system_error>

namespace mqtt_logger {

/// Asked between two pieces of a long work: whether to go on.
using MayGoOn = std::function<bool()>;

/// Writes what `plain` holds into `compressed`, which is empty, in the format of gzip.
/// `std::errc::operation_canceled` if it may not go on.
[[nodiscard]] std::error_code compress(File& plain, File& compressed, const MayGoOn& may_go_on);

/// Decompresses the beginning of a file into `text`, up to so many bytes, as far as it is compressed data.
[[nodiscard]] std::error_code decompress_beginning(File& compressed, std::size_t bytes, std::string& text);

/// Whether `compressed` holds what `plain` does, read back from the file. Damaged data hold something else.
/// `std::errc::operation_canceled` if it may not go on.
[[nodiscard]] std::error_code compare(File& plain, File& compressed, const MayGoOn& may_go_on, bool& is_same);

}  // namespace mqtt_logger
