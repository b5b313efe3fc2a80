#pragma once

#include "option_table.hpp"

#include <string>

namespace mqtt_logger {

/// --columns: `NAME=/json/pointer`, `NAME=` for the whole payload, or `NAME=@client-id`.
[[nodiscard]] OptionFault add_column(OptionsDraft& draft, const std::string& text);

}  // namespace mqtt_logger
