#pragma once

#include <string>
#include <vector>

namespace mqtt_logger {

/// What follows the program's name on the command line: UTF-8 on Windows, the bytes as they are elsewhere.
[[nodiscard]] std::vector<std::string> list_arguments(int argc, char** argv);

/// From now on standard output and standard error carry the bytes that are written, and a console shows them
/// as UTF-8. A file that has reached the size that is allowed is an error of whoever writes to it, and no
/// signal that ends the process. To be called first of all.
void prepare_standard_streams() noexcept;

}  // namespace mqtt_logger
