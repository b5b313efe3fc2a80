#pragma once

#include <string>

namespace mqtt_logger {

/// Where the registry keeps a service's working directory, so that paths of its options may be relative.
[[nodiscard]] std::wstring service_parameters_key(const std::wstring& service);
inline constexpr auto kServiceFolderValue = L"Directory";

/// Goes to that folder. A service that has none stays where the system starts it.
void enter_service_folder(const wchar_t* service) noexcept;

}  // namespace mqtt_logger
