#include "mqtt_logger/platform/mapped_file.hpp"

namespace mqtt_logger {

void MappedFile::mark_dirty(std::size_t /*offset*/, std::size_t /*length*/) noexcept {}

std::error_code MappedFile::check_place(bool& is_in_place) noexcept {
  is_in_place = true;
  return {};
}

std::error_code MappedFile::move_to_new_file(std::filesystem::path& /*kept_as*/) noexcept {
  return std::make_error_code(std::errc::not_supported);
}

std::error_code MappedFile::find_cut(std::size_t& whole_bytes) noexcept {
  whole_bytes = bytes().size();
  return {};
}

std::error_code MappedFile::repair() noexcept {
  return {};
}

}  // namespace mqtt_logger
