#include "crc32c_instruction.hpp"

namespace mqtt_logger {

Crc32cStep find_crc32c_instruction() noexcept {
  return nullptr;
}

}  // namespace mqtt_logger
